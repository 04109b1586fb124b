/** Images topic in, embeddings topic out: one outcome for each record, in Kafka transactions. */
@NullMarked
package dev.lookalike.embed.stream;

import org.jspecify.annotations.NullMarked;
