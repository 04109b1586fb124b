package dev.lookalike.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.proto.image.v1.LabelSource;
import java.util.Optional;
import org.apache.kafka.common.utils.Utils;

/** Keys of records and the partitions that they belong to. */
public final class Keys {
  /** Stands between image id and subject in the key of an annotation; no image id contains it. */
  private static final char SEPARATOR = '\0';

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

  /** Key of an annotation that sets or removes one attribute. */
  public static byte[] attribute(String imageId, String name) {
    return annotationKey(imageId, "attributes/" + name);
  }

  /**
   * Key of an annotation that replaces the labels of one source.
   *
   * @throws IllegalArgumentException for a source whose labels are not annotations
   */
  public static byte[] labels(String imageId, LabelSource source) {
    return switch (source) {
      case LABEL_SOURCE_USER -> annotationKey(imageId, "labels/user");
      case LABEL_SOURCE_TAUGHT -> annotationKey(imageId, "labels/taught");
      case LABEL_SOURCE_MODEL, LABEL_SOURCE_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException("labels of " + source + " are not annotations");
    };
  }

  /** Reads the key of an annotation; empty when it is not one. */
  public static Optional<AnnotationKey> annotation(byte[] key) {
    String text = new String(key, UTF_8);
    int separator = text.indexOf(SEPARATOR);
    if (separator < 1 || separator == text.length() - 1) {
      return Optional.empty();
    }
    return Optional.of(
        new AnnotationKey(text.substring(0, separator), text.substring(separator + 1)));
  }

  private static byte[] annotationKey(String imageId, String subject) {
    return (imageId + SEPARATOR + subject).getBytes(UTF_8);
  }
}
