package dev.lookalike.ingest.fakes;

import dev.lookalike.ingest.records.Append;
import dev.lookalike.ingest.records.Appender;
import dev.lookalike.ingest.records.LoggedRecord;
import dev.lookalike.ingest.records.RecordReader;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Topics in memory. Used by one thread. */
public final class FakeLog implements Appender, RecordReader {
  private final Map<String, List<LoggedRecord>> partitions = new HashMap<>();

  /** All records, in the order in which they came. */
  public final List<Append> appended = new ArrayList<>();

  /** Sizes of what was handed over at once. */
  public final List<Integer> batches = new ArrayList<>();

  /** What happens before the next append, once: what others write meanwhile. */
  public Runnable meanwhile = () -> {};

  public boolean away;

  @Override
  public List<Long> append(List<Append> records) {
    Runnable others = meanwhile;
    meanwhile = () -> {};
    others.run();
    if (away) {
      throw new RefusedException(ErrorCode.BROKER_UNAVAILABLE, "away");
    }
    batches.add(records.size());
    List<Long> offsets = new ArrayList<>();
    for (Append record : records) {
      List<LoggedRecord> partition = partition(record.topic(), record.partition());
      offsets.add((long) partition.size());
      partition.add(new LoggedRecord(record.key(), record.value()));
      appended.add(record);
    }
    return offsets;
  }

  /** Writes as another process does. */
  public void write(Append record) {
    partition(record.topic(), record.partition())
        .add(new LoggedRecord(record.key(), record.value()));
  }

  /** The records of a partition, in order. */
  public List<LoggedRecord> partition(String topic, int partition) {
    return partitions.computeIfAbsent(topic + "/" + partition, place -> new ArrayList<>());
  }

  @Override
  public Optional<LoggedRecord> read(String topic, int partition, long offset) {
    List<LoggedRecord> records = partition(topic, partition);
    return offset < records.size() ? Optional.of(records.get((int) offset)) : Optional.empty();
  }

  @Override
  public boolean holdsKey(String topic, int partition, byte[] key, long from) {
    return partition(topic, partition).stream()
        .skip(from)
        .anyMatch(record -> Arrays.equals(record.key(), key));
  }
}
