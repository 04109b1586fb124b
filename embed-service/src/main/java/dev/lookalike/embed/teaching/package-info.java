/** What a collection was taught, and what that says of an embedding. */
@NullMarked
package dev.lookalike.embed.teaching;

import org.jspecify.annotations.NullMarked;
