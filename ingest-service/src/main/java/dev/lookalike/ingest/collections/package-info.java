/** Collections: created here, known from the registry. */
@NullMarked
package dev.lookalike.ingest.collections;

import org.jspecify.annotations.NullMarked;
