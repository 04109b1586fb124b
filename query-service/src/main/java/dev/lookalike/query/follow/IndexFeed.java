package dev.lookalike.query.follow;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.metrics.QueryMetrics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Feeds one index with the records of the log, round by round: applies them, and makes them visible
 * and durable when it is time. Used by one thread.
 */
public final class IndexFeed {
  private static final Logger LOG = Logger.getLogger(IndexFeed.class);
  private static final int SHOWN_KEY_BYTES = 64;

  /**
   * How often what was applied is made visible and durable.
   *
   * @param refreshInterval least time between two refreshes
   * @param commitRecords records after which a commit is due
   * @param commitInterval time after which a commit is due
   */
  public record Intervals(Duration refreshInterval, int commitRecords, Duration commitInterval) {}

  private final String name;
  private final VectorIndex index;
  private final RecordReader reader;
  private final Map<LogPartition, Long> ends;
  private final FollowStatus status;
  private final QueryMetrics metrics;
  private final LongSupplier clock;
  private final Pace pace;

  /** When the images were accepted that become visible with the next refresh. */
  private final List<Instant> accepted = new ArrayList<>();

  private Progress progress;

  /**
   * @param name of the collection, for the log
   * @param index refreshed, so that its progress is all that was applied
   * @param ends offsets of the next records to be written when this began: up to there it catches
   *     up
   * @param clock as {@link System#nanoTime}
   */
  public IndexFeed(
      String name,
      VectorIndex index,
      RecordReader reader,
      Map<LogPartition, Long> ends,
      Intervals intervals,
      FollowStatus status,
      QueryMetrics metrics,
      LongSupplier clock) {
    this.name = name;
    this.index = index;
    this.reader = reader;
    this.ends = Map.copyOf(ends);
    this.status = status;
    this.metrics = metrics;
    this.clock = clock;
    this.progress = index.progress();
    this.pace =
        new Pace(
            intervals.refreshInterval(),
            intervals.commitRecords(),
            intervals.commitInterval(),
            clock.getAsLong());
  }

  /** How long to wait for records at most before the next round. */
  public Duration patience() {
    return pace.patience(clock.getAsLong());
  }

  /**
   * One round.
   *
   * @param records in the order of each partition; may be empty
   * @param positions of all partitions: offsets of the next records to read, after these
   * @throws dev.lookalike.query.index.IndexException if the index fails; then this is over
   */
  public void round(List<LogRecord> records, Map<LogPartition, Long> positions) {
    apply(Batch.read(reader, progress, records, positions, this::isKnown), records.size());
    long now = clock.getAsLong();
    if (pace.isRefreshDue(now)) {
      refresh();
    }
    if (pace.isCommitDue(now)) {
      commit();
    }
  }

  private boolean isKnown(String imageId) {
    index.refresh();
    return !index.get(List.of(imageId), false).isEmpty();
  }

  private void apply(Batch batch, int records) {
    batch.kinds().forEach(metrics::read);
    batch.skipped().forEach(IndexFeed::log);
    if (status.caughtUp()) {
      accepted.addAll(batch.accepted());
    }
    if (batch.progress().equals(progress)) {
      return;
    }
    long start = clock.getAsLong();
    index.apply(batch.changes(), batch.progress());
    metrics.applied(Duration.ofNanos(clock.getAsLong() - start));
    progress = batch.progress();
    pace.applied(records);
  }

  private static void log(Batch.Skipped skipped) {
    LogRecord record = skipped.record();
    LOG.warnf(
        "skipped the record at %s-%d, offset %d (key %s): %s",
        record.topic(), record.partition(), record.offset(), shown(record.key()), skipped.reason());
  }

  /** For the log: the beginning of a key. */
  private static String shown(byte @Nullable [] key) {
    if (key == null) {
      return "none";
    }
    String text = new String(key, 0, Math.min(key.length, SHOWN_KEY_BYTES), UTF_8);
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  private void refresh() {
    long start = clock.getAsLong();
    boolean complete = index.refresh();
    long end = clock.getAsLong();
    metrics.refreshed(Duration.ofNanos(end - start));
    pace.refreshed(start, end, complete);
    Instant now = Instant.now();
    accepted.forEach(then -> metrics.searchable(Duration.between(then, now)));
    accepted.clear();
    if (!status.caughtUp() && progress.behind(ends) == 0) {
      status.caughtUpNow();
      LOG.infof("the index of %s has caught up: %s", name, index.counts());
    }
    status.progressed();
  }

  private void commit() {
    long start = clock.getAsLong();
    index.commit();
    long end = clock.getAsLong();
    metrics.committed(Duration.ofNanos(end - start));
    pace.committed(end);
  }
}
