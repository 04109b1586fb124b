/** Bounds what requests bring into memory, before it is read. */
@NullMarked
package dev.lookalike.intake;

import org.jspecify.annotations.NullMarked;
