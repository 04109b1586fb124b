package dev.lookalike.query.follow;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Timestamp;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.Rejected;
import dev.lookalike.proto.events.v1.Removed;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.metrics.QueryMetrics.RecordKind;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BatchTest {
  private static final LogPartition PARTITION = new LogPartition(Records.OUTCOMES, 0);
  private static final Map<LogPartition, Long> POSITIONS = Map.of(PARTITION, 42L);

  private static Batch read(Progress before, LogRecord... records) {
    return Batch.read(Records.READER, before, List.of(records), POSITIONS, id -> false);
  }

  private static Progress applied(long next) {
    return new Progress(Map.of(), Map.of(0, next));
  }

  @Test
  void everyRecordHasOneKindInItsOrder() {
    EmbeddingEvent rejected =
        EmbeddingEvent.newBuilder()
            .setSource(Images.version(1))
            .setRejected(Rejected.getDefaultInstance())
            .build();
    EmbeddingEvent removed =
        EmbeddingEvent.newBuilder()
            .setSource(Images.version(2))
            .setRemoved(Removed.getDefaultInstance())
            .build();
    Batch batch =
        read(
            Progress.NONE,
            Records.embedded("a", 0, 0, 1, 0),
            Records.event("b", 1, rejected),
            Records.event("c", 2, removed),
            Records.price("a", 0, 0, 7),
            Records.tombstone("d", 3),
            Records.garbled("e", 4, null));
    assertThat(batch.kinds())
        .containsExactly(
            RecordKind.EMBEDDED,
            RecordKind.REJECTED,
            RecordKind.REMOVED,
            RecordKind.ANNOTATION,
            RecordKind.EMPTY,
            RecordKind.UNREADABLE);
    assertThat(batch.changes())
        .extracting(Change::imageId)
        .containsExactly("a", "b", "c", "a", "e");
    assertThat(batch.skipped())
        .singleElement()
        .satisfies(skipped -> assertThat(skipped.record().offset()).isEqualTo(4));
  }

  @Test
  void progressIsWhereReadingStandsAndTheLargestSourceApplied() {
    Batch batch =
        read(applied(3), Records.embedded("a", 9, 0, 1, 0), Records.embedded("b", 5, 1, 1, 0));
    assertThat(batch.progress()).isEqualTo(new Progress(POSITIONS, Map.of(0, 10L)));
    assertThat(read(applied(30), Records.embedded("a", 9, 0, 1, 0)).progress().applied(0))
        .as("an old version that is read again takes nothing back")
        .isEqualTo(30);
  }

  @Test
  void withoutRecordsOnlyThePositionsMove() {
    Batch batch = read(applied(3));
    assertThat(batch.changes()).isEmpty();
    assertThat(batch.progress()).isEqualTo(new Progress(POSITIONS, Map.of(0, 3L)));
  }

  @Test
  void aGarbledOutcomeOfAnUnknownImageIsTheNextThatIsDue() {
    Batch batch =
        read(applied(3), Records.embedded("a", 3, 0, 1, 0), Records.garbled("b", 1, null));
    Change due = batch.changes().get(1);
    assertThat(due.version()).isEqualTo(Images.version(4));
    assertThat(((Change.Outcome) due).event().getRejected().getReason())
        .isEqualTo("RECORD_UNREADABLE");
    assertThat(batch.progress().applied(0)).as("it is due all the same").isEqualTo(4);
  }

  @Test
  void aGarbledOutcomeOfAKnownImageChangesNothing() {
    LogRecord garbled = Records.garbled("a", 1, null);
    assertThat(
            Batch.read(Records.READER, applied(3), List.of(garbled), POSITIONS, "a"::equals)
                .changes())
        .isEmpty();
    assertThat(read(applied(3), Records.embedded("a", 3, 0, 1, 0), garbled).changes())
        .as("known from the same batch")
        .hasSize(1);
  }

  @Test
  void acceptedIsSaidOfEmbeddedImagesOnly() {
    Timestamp when = Timestamp.newBuilder().setSeconds(100).setNanos(5).build();
    EmbeddingEvent rejected =
        EmbeddingEvent.newBuilder()
            .setSource(Images.version(1))
            .setAcceptedAt(when)
            .setRejected(Rejected.getDefaultInstance())
            .build();
    Batch batch =
        read(
            Progress.NONE,
            Records.event("a", 0, Records.event(0, 1, 0).setAcceptedAt(when).build()),
            Records.embedded("b", 1, 1, 1, 0),
            Records.event("c", 2, rejected));
    assertThat(batch.accepted()).containsExactly(Instant.ofEpochSecond(100, 5));
  }
}
