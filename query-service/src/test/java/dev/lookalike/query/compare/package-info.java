/** An index compared with what the log makes of the same images. */
@NullMarked
package dev.lookalike.query.compare;

import org.jspecify.annotations.NullMarked;
