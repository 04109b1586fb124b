/** Measures models on labelled images, through the running system. */
@NullMarked
package dev.lookalike.cli.evaluate;

import org.jspecify.annotations.NullMarked;
