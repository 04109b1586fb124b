package dev.lookalike.embed.model.graph;

import java.util.Optional;

/**
 * What {@code lookalike-model.json} says of the graph; each may be left out.
 *
 * @param input name of the graph's input
 * @param output name of the tensor that is the embedding
 * @param pooling how it is made a vector
 * @param logits name of the output that is the classification head
 * @param dimension length of the embedding
 */
public record StatedTensors(
    Optional<String> input,
    Optional<String> output,
    Optional<Pooling> pooling,
    Optional<String> logits,
    Optional<Integer> dimension) {}
