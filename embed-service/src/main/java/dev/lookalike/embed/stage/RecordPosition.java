package dev.lookalike.embed.stage;

/**
 * Place of a record in the images topic.
 *
 * @param partition from 0
 * @param offset from 0
 */
public record RecordPosition(int partition, long offset) {}
