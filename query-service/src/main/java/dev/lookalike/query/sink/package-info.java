/**
 * Keeps the indexes true to the log: reads outcomes and annotations, and their positions with them.
 */
@NullMarked
package dev.lookalike.query.sink;

import org.jspecify.annotations.NullMarked;
