package dev.lookalike.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.UploadToken;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Names, keys and tokens are in logs that outlive every release: these values must never change.
 */
class LayoutTest {
  @Test
  void topicNamesStay() {
    assertThat(Topics.COLLECTIONS).isEqualTo("lookalike.collections");
    assertThat(Topics.images("c1")).isEqualTo("lookalike.images.c1");
    assertThat(Topics.embeddings("c1", "b1")).isEqualTo("lookalike.embeddings.c1.b1");
    assertThat(Topics.annotations("c1")).isEqualTo("lookalike.annotations.c1");
  }

  @Test
  void partitionsAreThoseOfKafka() {
    // From an independent implementation of murmur2: a changed hash would scatter the versions of
    // an image.
    assertThat(List.of("a", "sku-1", "überzug", "0123456789"))
        .extracting(id -> Keys.partition(id, 12))
        .containsExactly(PARTITIONS_OF_TWELVE);
    assertThat(Keys.partition("anything", 1)).isZero();
  }

  @Test
  void annotationKeysReadBack() {
    ImageVersion version = version(1, 3, 9);
    assertThat(new String(Keys.attribute("sku-1", "price", version), UTF_8))
        .isEqualTo("sku-1\0attributes/price\0" + "1.3.9");
    assertThat(Keys.annotation(Keys.attribute("sku-1", "price", version)))
        .contains(new AnnotationKey("sku-1", "attributes/price", Optional.of(version)));
    assertThat(Keys.annotation(Keys.labels("sku-1", LabelSource.LABEL_SOURCE_USER, version)))
        .contains(new AnnotationKey("sku-1", "labels/user", Optional.of(version)));
    assertThat(Keys.annotation(Keys.labels("sku-1", LabelSource.LABEL_SOURCE_TAUGHT, version)))
        .contains(new AnnotationKey("sku-1", "labels/taught", Optional.of(version)));
    assertThat(Keys.annotation(Keys.image("sku-1"))).isEmpty();
    for (String none : List.of("a\0b\0", "a\0b\0x", "\0b", "a\0", "a\0b\0" + "1.2.3\0c")) {
      assertThat(Keys.annotation(none.getBytes(UTF_8))).isEmpty();
    }
    assertThatThrownBy(() -> Keys.labels("sku-1", LabelSource.LABEL_SOURCE_MODEL, version))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void annotationKeysOfBeforeTheVersionWasPartOfThemReadBack() {
    assertThat(Keys.annotation("sku-1\0attributes/price".getBytes(UTF_8)))
        .contains(new AnnotationKey("sku-1", "attributes/price", Optional.empty()));
    assertThat(Keys.annotation("sku-1\0labels/user".getBytes(UTF_8)))
        .contains(new AnnotationKey("sku-1", "labels/user", Optional.empty()));
  }

  @Test
  void versionsReadBackAndOrder() {
    ImageVersion older = version(1, 3, 9);
    assertThat(Versions.text(older)).isEqualTo("1.3.9");
    assertThat(Versions.parse("1.3.9")).contains(older);
    assertThat(List.of("", "1.2", "1.2.3.4", "a.b.c", "-1.0.0", "1.0.9999999999999999999"))
        .allSatisfy(text -> assertThat(Versions.parse(text)).isEmpty());
    assertThat(Versions.OLDEST_FIRST.compare(older, version(1, 3, 10))).isNegative();
    assertThat(Versions.OLDEST_FIRST.compare(version(2, 0, 0), older)).isPositive();
  }

  @Test
  void tokensReadBackAndRefuseWhatIsNotOurs() {
    UploadToken token =
        UploadToken.newBuilder()
            .setCollectionId("c1")
            .setImageId("sku-1")
            .setVersion(version(1, 3, 9))
            .build();
    assertThat(Tokens.decode(Tokens.encode(token))).contains(token);
    assertThat(Tokens.encode(token)).matches("[A-Za-z0-9_-]+");
    assertThat(List.of("", "!!!", "AAAA", "x".repeat(600)))
        .allSatisfy(text -> assertThat(Tokens.decode(text)).isEmpty());
  }

  private static final Integer[] PARTITIONS_OF_TWELVE = {4, 7, 1, 8};

  private static ImageVersion version(int generation, int partition, long offset) {
    return ImageVersion.newBuilder()
        .setGeneration(generation)
        .setPartition(partition)
        .setOffset(offset)
        .build();
  }
}
