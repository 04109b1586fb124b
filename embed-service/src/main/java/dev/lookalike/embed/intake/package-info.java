/** Bounds what requests bring into memory, before it is read. */
@NullMarked
package dev.lookalike.embed.intake;

import org.jspecify.annotations.NullMarked;
