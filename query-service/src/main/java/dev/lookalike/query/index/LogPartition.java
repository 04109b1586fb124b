package dev.lookalike.query.index;

/** A partition of a topic that feeds an index. */
public record LogPartition(String topic, int partition) {}
