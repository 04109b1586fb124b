/**
 * What an index of one build keeps and answers. {@link dev.lookalike.query.index.VectorIndex} is
 * the contract.
 */
@NullMarked
package dev.lookalike.query.index;

import org.jspecify.annotations.NullMarked;
