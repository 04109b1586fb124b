/** Which build of which collection runs on which model, and the broker that says so. */
@NullMarked
package dev.lookalike.embed.binding;

import org.jspecify.annotations.NullMarked;
