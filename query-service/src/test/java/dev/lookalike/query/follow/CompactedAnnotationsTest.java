package dev.lookalike.query.follow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.log.Keys;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.AttributeAnnotation;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.Fold;
import dev.lookalike.query.index.FoldedImage;
import dev.lookalike.query.index.Images;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Whatever compaction has dropped, and however outcomes and annotations are interleaved: an index
 * that is built anew says of an image what the one says that has read everything.
 */
class CompactedAnnotationsTest {
  private static final String ID = "shoe";
  private static final RecordReader RECORDS = new RecordReader("outcomes", 1, 2);

  private record Written(byte[] key, byte[] value, long offset) {}

  @Test
  void compactionTakesNothingThatCounts() {
    for (int seed = 0; seed < 2_000; seed++) {
      Random random = new Random(seed);
      int versions = 1 + random.nextInt(4);
      List<Change> outcomes = new ArrayList<>();
      for (int version = 0; version < versions; version++) {
        outcomes.add(
            random.nextInt(5) == 0
                ? Images.rejected(ID, version)
                : Images.embedded(ID, version, Map.of("price", Images.number(0)), 1, 0));
      }
      List<Written> annotations = new ArrayList<>();
      int count = random.nextInt(12);
      for (int offset = 0; offset < count; offset++) {
        // Also late words on versions that are over, as of a writer who does not know yet.
        annotations.add(
            annotation(
                random.nextInt(versions),
                random.nextBoolean() ? "price" : "colour",
                random.nextInt(4) == 0 ? Optional.empty() : Optional.of(random.nextInt(100)),
                offset));
      }
      Optional<Entry> whole = read(outcomes, annotations, random);
      List<Written> kept = compacted(annotations, random.nextInt(count + 1));
      List<Change> last = outcomes.subList(random.nextInt(versions), versions);
      assertThat(read(last, kept, random).map(Entry::attributes))
          .as("seed " + seed)
          .isEqualTo(whole.map(Entry::attributes));
    }
  }

  private static Written annotation(
      long version, String name, Optional<Integer> value, long offset) {
    AttributeAnnotation.Builder attribute = AttributeAnnotation.newBuilder().setName(name);
    value.ifPresent(
        number -> attribute.setValue(AttributeValue.newBuilder().setNumber(number).build()));
    return new Written(
        Keys.attribute(ID, name, Images.version(version)),
        AnnotationEvent.newBuilder()
            .setImageVersion(Images.version(version))
            .setAttribute(attribute)
            .build()
            .toByteArray(),
        offset);
  }

  /** What is left of a partition whose first records were compacted. */
  private static List<Written> compacted(List<Written> records, int cleaned) {
    Map<String, Long> last = new HashMap<>();
    records.forEach(record -> last.put(new String(record.key(), UTF_8), record.offset()));
    return records.stream()
        .filter(
            record ->
                record.offset() >= cleaned
                    || record.offset() == last.getOrDefault(new String(record.key(), UTF_8), -1L))
        .toList();
  }

  /** Reads both topics, each in its order, in any interleaving. */
  private static Optional<Entry> read(
      List<Change> outcomes, List<Written> annotations, Random random) {
    Optional<FoldedImage> record = Optional.empty();
    int outcome = 0;
    int annotation = 0;
    while (outcome < outcomes.size() || annotation < annotations.size()) {
      boolean takeOutcome =
          annotation == annotations.size() || (outcome < outcomes.size() && random.nextBoolean());
      Change change = takeOutcome ? outcomes.get(outcome++) : change(annotations.get(annotation++));
      Optional<FoldedImage> before = record;
      record = Fold.apply(record, change).or(() -> before);
    }
    return record.flatMap(FoldedImage::entry);
  }

  private static Change change(Written record) {
    RecordReader.Reading reading =
        RECORDS.annotation(record.key(), record.value(), record.offset());
    assertThat(reading).isInstanceOf(RecordReader.Reading.Changed.class);
    return ((RecordReader.Reading.Changed) reading).change();
  }

  @Test
  void keysOfBeforeTheVersionWasPartOfThemAreRead() {
    Written now = annotation(3, "price", Optional.of(7), 0);
    byte[] before = (ID + "\0attributes/price").getBytes(UTF_8);
    assertThat(RECORDS.annotation(before, now.value(), 0))
        .isEqualTo(RECORDS.annotation(now.key(), now.value(), 0));
  }

  @Test
  void aKeyThatSpeaksOfAnotherVersionIsNotBelieved() {
    Written now = annotation(3, "price", Optional.of(7), 0);
    assertThat(RECORDS.annotation(Keys.attribute(ID, "price", Images.version(4)), now.value(), 0))
        .isInstanceOf(RecordReader.Reading.Unreadable.class);
  }
}
