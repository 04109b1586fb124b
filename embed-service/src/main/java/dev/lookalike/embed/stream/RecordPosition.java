package dev.lookalike.embed.stream;

/**
 * Place of a record in the images topic.
 *
 * @param partition from 0
 * @param offset from 0
 */
record RecordPosition(int partition, long offset) {}
