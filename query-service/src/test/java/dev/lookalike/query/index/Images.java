package dev.lookalike.query.index;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.AttributeAnnotation;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.LabelsAnnotation;
import dev.lookalike.proto.events.v1.Rejected;
import dev.lookalike.proto.events.v1.RemovalCause;
import dev.lookalike.proto.events.v1.Removed;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.OriginalImage;
import dev.lookalike.proto.image.v1.StringList;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/** Makes changes for tests. Everything is in partition 0 of generation 1 unless said otherwise. */
public final class Images {
  private Images() {}

  public static ImageVersion version(long offset) {
    return version(0, offset);
  }

  public static ImageVersion version(int partition, long offset) {
    return ImageVersion.newBuilder()
        .setGeneration(1)
        .setPartition(partition)
        .setOffset(offset)
        .build();
  }

  public static AttributeValue text(String value) {
    return AttributeValue.newBuilder().setString(value).build();
  }

  public static AttributeValue number(double value) {
    return AttributeValue.newBuilder().setNumber(value).build();
  }

  public static AttributeValue bool(boolean value) {
    return AttributeValue.newBuilder().setBoolean(value).build();
  }

  public static AttributeValue time(String value) {
    Instant instant = Instant.parse(value);
    return AttributeValue.newBuilder()
        .setTime(
            Timestamp.newBuilder().setSeconds(instant.getEpochSecond()).setNanos(instant.getNano()))
        .build();
  }

  public static AttributeValue list(String... values) {
    return AttributeValue.newBuilder()
        .setStrings(StringList.newBuilder().addAllValues(List.of(values)))
        .build();
  }

  public static Label label(String name, LabelSource source) {
    return Label.newBuilder().setName(name).setConfidence(1).setSource(source).build();
  }

  public static Change.Outcome embedded(String id, long offset, float... vector) {
    return embedded(id, version(offset), Map.of(), List.of(), vector);
  }

  public static Change.Outcome embedded(
      String id, long offset, Map<String, AttributeValue> attributes, float... vector) {
    return embedded(id, version(offset), attributes, List.of(), vector);
  }

  public static Change.Outcome embedded(
      String id,
      ImageVersion version,
      Map<String, AttributeValue> attributes,
      List<Label> labels,
      float... vector) {
    return new Change.Outcome(
        id,
        EmbeddingEvent.newBuilder()
            .setSource(version)
            .setEmbedded(
                Embedded.newBuilder()
                    .putAllAttributes(attributes)
                    .addAllLabels(labels)
                    .addModelLabels(label("seen", LabelSource.LABEL_SOURCE_MODEL))
                    .setOriginal(
                        OriginalImage.newBuilder().setSha256(ByteString.copyFromUtf8("sha-" + id)))
                    .setDevice("cpu"))
            .build(),
        Optional.of(unit(vector)));
  }

  public static Change.Outcome rejected(String id, long offset) {
    return new Change.Outcome(
        id,
        EmbeddingEvent.newBuilder()
            .setSource(version(offset))
            .setRejected(
                Rejected.newBuilder()
                    .setReason("CANONICAL_UNREADABLE")
                    .setDetail("It cannot be read.")
                    .setAttempts(1))
            .build(),
        Optional.empty());
  }

  public static Change.Outcome removed(String id, long offset) {
    return new Change.Outcome(
        id,
        EmbeddingEvent.newBuilder()
            .setSource(version(offset))
            .setRemoved(Removed.newBuilder().setCause(RemovalCause.REMOVAL_CAUSE_DELETED))
            .build(),
        Optional.empty());
  }

  /** Sets an attribute of the version at {@code of}, or removes it. */
  public static Change.Annotation said(
      String id, long of, long offset, String name, Optional<AttributeValue> value) {
    AttributeAnnotation.Builder attribute = AttributeAnnotation.newBuilder().setName(name);
    value.ifPresent(attribute::setValue);
    return new Change.Annotation(
        id,
        offset,
        AnnotationEvent.newBuilder().setImageVersion(version(of)).setAttribute(attribute).build());
  }

  public static Change.Annotation labelled(
      String id, long of, long offset, LabelSource source, String... names) {
    LabelsAnnotation.Builder labels = LabelsAnnotation.newBuilder().setSource(source);
    for (String name : names) {
      labels.addLabels(label(name, source));
    }
    return new Change.Annotation(
        id,
        offset,
        AnnotationEvent.newBuilder().setImageVersion(version(of)).setLabels(labels).build());
  }

  public static float[] unit(float... vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    float[] unit = vector.clone();
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (unit[i] / Math.sqrt(squares));
    }
    return unit;
  }

  public static float[] randomUnit(Random random, int dimension) {
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return unit(vector);
  }

  /**
   * Vectors in clusters that overlap, and lie in a narrow cone as those of real models do.
   *
   * @param clusters number of centres
   */
  public static float[][] clustered(Random random, int count, int dimension, int clusters) {
    // Real embeddings vary in few directions: as many as this, mixed into all coordinates.
    int latent = Math.min(dimension, 48);
    float[][] mix = new float[latent][];
    for (int i = 0; i < latent; i++) {
      mix[i] = randomUnit(random, dimension);
    }
    float[][] centres = new float[clusters][];
    for (int i = 0; i < clusters; i++) {
      centres[i] = randomUnit(random, latent);
    }
    float[][] vectors = new float[count][];
    for (int i = 0; i < count; i++) {
      float[] centre = centres[random.nextInt(clusters)];
      float[] vector = new float[dimension];
      for (int j = 0; j < latent; j++) {
        float strength = (float) (0.3 + centre[j] + random.nextGaussian() * 0.12);
        for (int d = 0; d < dimension; d++) {
          vector[d] += strength * mix[j][d];
        }
      }
      vectors[i] = unit(vector);
    }
    return vectors;
  }
}
