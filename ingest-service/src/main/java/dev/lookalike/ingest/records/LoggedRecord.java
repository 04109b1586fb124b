package dev.lookalike.ingest.records;

import org.jspecify.annotations.Nullable;

/**
 * A record that was read. The arrays are not copied and must not change.
 *
 * @param key null where the record has none
 * @param value null where the record deletes its key
 */
public record LoggedRecord(byte @Nullable [] key, byte @Nullable [] value) {}
