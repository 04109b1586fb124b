package dev.lookalike.ingest.records;

import dev.lookalike.service.error.RefusedException;
import java.util.List;

/** Appends records, and returns once the broker has acknowledged all of them. Thread-safe. */
@FunctionalInterface
public interface Appender {
  /**
   * Appends records, in order within a partition.
   *
   * @return their offsets, in the order of the records
   * @throws RefusedException BROKER_UNAVAILABLE when one was not acknowledged in time; any of them
   *     may have been written all the same
   */
  List<Long> append(List<Append> records);
}
