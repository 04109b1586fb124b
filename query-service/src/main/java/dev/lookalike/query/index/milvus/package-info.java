/** The index in Milvus, for more images than one machine holds. */
@NullMarked
package dev.lookalike.query.index.milvus;

import org.jspecify.annotations.NullMarked;
