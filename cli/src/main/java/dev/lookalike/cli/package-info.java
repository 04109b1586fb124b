/** The {@code lookalike} command. */
@NullMarked
package dev.lookalike.cli;

import org.jspecify.annotations.NullMarked;
