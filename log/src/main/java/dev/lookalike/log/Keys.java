package dev.lookalike.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.LabelSource;
import java.util.Optional;
import org.apache.kafka.common.utils.Utils;

/** Keys of records and the partitions that they belong to. */
public final class Keys {
  /** Separates the parts of an annotation's key; no part contains it. */
  private static final char SEPARATOR = '\0';

  private static final String EXISTING = "existing/";

  private Keys() {}

  /** Key of an image in the images and embeddings topics. */
  public static byte[] image(String imageId) {
    return imageId.getBytes(UTF_8);
  }

  /** Inverse of {@link #image}. */
  public static String imageId(byte[] key) {
    return new String(key, UTF_8);
  }

  /**
   * Partition of everything that concerns an image: Kafka's own choice for the key of the image, so
   * that any producer agrees.
   *
   * @param partitions number of partitions of the topic, from 1
   * @return 0 to partitions - 1
   */
  public static int partition(String imageId, int partitions) {
    return Utils.toPositive(Utils.murmur2(image(imageId))) % partitions;
  }

  /**
   * Key of an annotation that sets or removes one attribute of one version. It includes the
   * version: compaction keeps the last record of a key, and a late annotation of an old version
   * must not remove one of the new version.
   */
  public static byte[] attribute(String imageId, String name, ImageVersion version) {
    return annotationKey(imageId, "attributes/" + name, version);
  }

  /**
   * Key of an annotation that replaces the labels from one source of one version.
   *
   * @throws IllegalArgumentException for a source whose labels are not annotations
   */
  public static byte[] labels(String imageId, LabelSource source, ImageVersion version) {
    return switch (source) {
      case LABEL_SOURCE_USER -> annotationKey(imageId, "labels/user", version);
      case LABEL_SOURCE_TAUGHT -> annotationKey(imageId, "labels/taught", version);
      case LABEL_SOURCE_MODEL, LABEL_SOURCE_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException("labels of " + source + " are not annotations");
    };
  }

  /** Key of the classifier of a collection, and of its removal. */
  public static byte[] classifier() {
    return "classifier".getBytes(UTF_8);
  }

  /** Key of the progress through the existing images of one partition. */
  public static byte[] existing(int partition) {
    return (EXISTING + partition).getBytes(UTF_8);
  }

  /** Inverse of {@link #existing}; empty for anything else. */
  public static Optional<Integer> existingPartition(byte[] key) {
    String text = new String(key, UTF_8);
    return text.matches(EXISTING + "[0-9]{1,9}")
        ? Optional.of(Integer.parseInt(text.substring(EXISTING.length())))
        : Optional.empty();
  }

  /** Reads the key of an annotation; empty if it is not one. Old keys have no version. */
  public static Optional<AnnotationKey> annotation(byte[] key) {
    String[] parts = new String(key, UTF_8).split(String.valueOf(SEPARATOR), -1);
    if (parts.length < 2 || parts.length > 3 || parts[0].isEmpty() || parts[1].isEmpty()) {
      return Optional.empty();
    }
    if (parts.length == 2) {
      return Optional.of(new AnnotationKey(parts[0], parts[1], Optional.empty()));
    }
    return Versions.parse(parts[2])
        .map(version -> new AnnotationKey(parts[0], parts[1], Optional.of(version)));
  }

  private static byte[] annotationKey(String imageId, String subject, ImageVersion version) {
    return (imageId + SEPARATOR + subject + SEPARATOR + Versions.text(version)).getBytes(UTF_8);
  }
}
