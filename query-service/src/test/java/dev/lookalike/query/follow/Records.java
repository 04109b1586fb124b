package dev.lookalike.query.follow;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.log.Keys;
import dev.lookalike.log.Sources;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.AttributeAnnotation;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.query.index.Images;
import org.jspecify.annotations.Nullable;

/** Makes records for tests: partition 0 of generation 1, dimension 2. */
public final class Records {
  public static final String OUTCOMES = "outcomes";
  public static final String ANNOTATIONS = "annotations";
  static final RecordReader READER = new RecordReader(OUTCOMES, 1, 2);

  private Records() {}

  /** An outcome of the version at {@code of} with an embedding. */
  public static LogRecord embedded(String id, long of, long offset, float... vector) {
    return outcome(id, offset, event(of, vector).build().toByteArray(), null);
  }

  static EmbeddingEvent.Builder event(long of, float... vector) {
    Embedded.Builder embedded = Embedded.newBuilder();
    for (float value : vector) {
      embedded.addEmbedding(value);
    }
    return EmbeddingEvent.newBuilder().setSource(Images.version(of)).setEmbedded(embedded);
  }

  static LogRecord event(String id, long offset, EmbeddingEvent event) {
    return outcome(id, offset, event.toByteArray(), null);
  }

  /** An outcome whose value cannot be read, from a release that names the version in a header. */
  static LogRecord garbled(String id, long offset, @Nullable ImageVersion named) {
    return outcome(
        id, offset, new byte[] {-1, -1, -1}, named == null ? null : Sources.header(named));
  }

  static LogRecord tombstone(String id, long offset) {
    return outcome(id, offset, null, null);
  }

  private static LogRecord outcome(
      String id, long offset, byte @Nullable [] value, byte @Nullable [] source) {
    return new LogRecord(OUTCOMES, 0, offset, id.getBytes(UTF_8), value, source);
  }

  /** Sets the attribute "price" of the version at {@code of}. */
  static LogRecord price(String id, long of, long offset, double price) {
    return new LogRecord(
        ANNOTATIONS,
        0,
        offset,
        Keys.attribute(id, "price", Images.version(of)),
        AnnotationEvent.newBuilder()
            .setImageVersion(Images.version(of))
            .setAttribute(
                AttributeAnnotation.newBuilder().setName("price").setValue(Images.number(price)))
            .build()
            .toByteArray(),
        null);
  }
}
