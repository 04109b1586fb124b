package dev.lookalike.query.index;

/** How many image ids are in which state. */
public record Counts(long searchable, long rejected, long deleted) {}
