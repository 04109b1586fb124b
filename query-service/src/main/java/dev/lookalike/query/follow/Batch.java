package dev.lookalike.query.follow;

import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.metrics.QueryMetrics.RecordKind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What records of the log mean for an index.
 *
 * @param changes in the order of the records
 * @param progress of an index that has applied them
 * @param kinds one for each record, in the order of the records
 * @param skipped records that cannot be read
 * @param accepted when the embedded images were accepted, where their outcome says so
 */
record Batch(
    List<Change> changes,
    Progress progress,
    List<RecordKind> kinds,
    List<Skipped> skipped,
    List<Instant> accepted) {
  Batch {
    changes = List.copyOf(changes);
    kinds = List.copyOf(kinds);
    skipped = List.copyOf(skipped);
    accepted = List.copyOf(accepted);
  }

  /** A record that cannot be read, and why. */
  record Skipped(LogRecord record, String reason) {}

  /**
   * Reads records. Every record has exactly one kind, whatever it holds: one that cannot be read
   * does not keep the others from going through.
   *
   * @param before progress of the index that the changes are for
   * @param positions offsets of the next records to read, after these
   * @param isKnown whether the index has an entry of an image id
   */
  static Batch read(
      RecordReader reader,
      Progress before,
      List<LogRecord> records,
      Map<LogPartition, Long> positions,
      Predicate<String> isKnown) {
    Reading reading = new Reading(reader, isKnown, before);
    records.forEach(reading::read);
    return new Batch(
        reading.changes,
        new Progress(positions, reading.applied),
        reading.kinds,
        reading.skipped,
        reading.accepted);
  }

  /** Collects what the records of a batch say, one after the other. */
  private static final class Reading {
    private final RecordReader reader;
    private final Predicate<String> isKnown;
    private final Map<Integer, Long> applied;
    private final List<Change> changes = new ArrayList<>();
    private final List<RecordKind> kinds = new ArrayList<>();
    private final List<Skipped> skipped = new ArrayList<>();
    private final List<Instant> accepted = new ArrayList<>();

    Reading(RecordReader reader, Predicate<String> isKnown, Progress before) {
      this.reader = reader;
      this.isKnown = isKnown;
      this.applied = new HashMap<>(before.applied());
    }

    void read(LogRecord record) {
      switch (reader.read(record)) {
        case RecordReader.Reading.Changed changed -> {
          switch (changed.change()) {
            case Change.Outcome outcome -> add(outcome);
            case Change.Annotation annotation -> kinds.add(RecordKind.ANNOTATION);
          }
          changes.add(changed.change());
        }
        case RecordReader.Reading.Nothing nothing -> kinds.add(RecordKind.EMPTY);
        case RecordReader.Reading.Unreadable unreadable -> skip(record, unreadable.reason());
        case RecordReader.Reading.Garbled garbled -> {
          skip(record, garbled.reason());
          nextDue(garbled, record.partition()).ifPresent(changes::add);
        }
      }
    }

    private void skip(LogRecord record, String reason) {
      kinds.add(RecordKind.UNREADABLE);
      skipped.add(new Skipped(record, reason));
    }

    private void add(Change.Outcome outcome) {
      EmbeddingEvent event = outcome.event();
      applied.merge(event.getSource().getPartition(), event.getSource().getOffset() + 1, Math::max);
      switch (event.getOutcomeCase()) {
        case EMBEDDED -> {
          kinds.add(RecordKind.EMBEDDED);
          if (event.hasAcceptedAt()) {
            accepted.add(
                Instant.ofEpochSecond(
                    event.getAcceptedAt().getSeconds(), event.getAcceptedAt().getNanos()));
          }
        }
        case REJECTED -> kinds.add(RecordKind.REJECTED);
        case REMOVED -> kinds.add(RecordKind.REMOVED);
        case OUTCOME_NOT_SET -> throw new IllegalStateException("the outcome is not set");
      }
    }

    /**
     * The record does not say which version it is the outcome of. If nothing is known of the image,
     * it counts as the next outcome that is due, so that those who wait for it learn what happened;
     * an image that is known stays as it is. Progress does not move: the record may belong to no
     * version at all.
     */
    private Optional<Change> nextDue(RecordReader.Reading.Garbled garbled, int partition) {
      String imageId = garbled.imageId();
      if (changes.stream().anyMatch(change -> change.imageId().equals(imageId))
          || isKnown.test(imageId)) {
        return Optional.empty();
      }
      return Optional.of(
          RecordReader.unreadable(
              imageId,
              ImageVersion.newBuilder()
                  .setGeneration(reader.generation())
                  .setPartition(partition)
                  .setOffset(applied.getOrDefault(partition, 0L))
                  .build(),
              "The outcome cannot be read: " + garbled.reason()));
    }
  }
}
