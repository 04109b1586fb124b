/** Which build of which collection runs on which model, and what this instance serves of them. */
@NullMarked
package dev.lookalike.embed.builds;

import org.jspecify.annotations.NullMarked;
