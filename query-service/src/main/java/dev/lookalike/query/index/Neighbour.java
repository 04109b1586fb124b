package dev.lookalike.query.index;

/**
 * An image that was found.
 *
 * @param similarity cosine, -1..1
 */
public record Neighbour(Entry entry, float similarity) {}
