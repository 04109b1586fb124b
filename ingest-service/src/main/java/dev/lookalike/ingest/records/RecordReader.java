package dev.lookalike.ingest.records;

import dev.lookalike.service.error.RefusedException;
import java.util.Optional;

/** Reads single records, and looks for a key in a stretch of a partition. Thread-safe; blocks. */
public interface RecordReader {
  /**
   * The record at an offset; empty when there is none (any more): compacted away, or not written.
   *
   * @throws RefusedException FULL when no reader is free in time, BROKER_UNAVAILABLE
   */
  Optional<LoggedRecord> read(String topic, int partition, long offset);

  /**
   * Whether the partition holds a record with the key at {@code from} or later.
   *
   * @throws RefusedException FULL, BROKER_UNAVAILABLE (also when the stretch is too long to be read
   *     in time)
   */
  boolean holdsKey(String topic, int partition, byte[] key, long from);
}
