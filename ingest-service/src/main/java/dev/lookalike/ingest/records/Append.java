package dev.lookalike.ingest.records;

/**
 * A record to be appended. The arrays are not copied and must not change.
 *
 * @param partition from 0
 * @param key UTF-8
 * @param value a serialised event
 */
public record Append(String topic, int partition, byte[] key, byte[] value) {}
