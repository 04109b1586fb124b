package dev.lookalike.ingest.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class CollectionRulesTest {
  private static final ServedModels SERVED =
      new ServedModels(
          List.of(
              new ServedModels.Model("small", 224, 224), new ServedModels.Model("tall", 500, 5000)),
          Optional.of("small"),
          Map.of());

  private static Collection complete(Consumer<CanonicalBounds.Builder> bounds, int partitions) {
    CanonicalBounds.Builder asked = CanonicalBounds.newBuilder();
    bounds.accept(asked);
    return CollectionRules.complete(
        "hats00000001",
        new NewCollection("hats", "", asked.build(), Optional.empty(), partitions, false),
        new FakeSettings(),
        Instant.EPOCH);
  }

  @Test
  void namesAreSmallAndShort() {
    for (String name : List.of("a", "0", "a-b_c", "x".repeat(64))) {
      assertThatCode(() -> CollectionRules.requireName(name)).doesNotThrowAnyException();
    }
    for (String name : List.of("", "A", "-a", "_a", "a.b", "a b", "a\n", "x".repeat(65))) {
      refused(ErrorCode.INVALID_COLLECTION_NAME, () -> CollectionRules.requireName(name));
    }
  }

  @Test
  void whatIsNotSaidIsTheServicesDefault() {
    Collection collection = complete(bounds -> bounds.setShortSide(300), 0);
    assertThat(collection.getPartitions()).isEqualTo(4);
    assertThat(collection.getBounds())
        .isEqualTo(
            CanonicalBounds.newBuilder()
                .setShortSide(300)
                .setLongSide(4096)
                .setJpegQuality(90)
                .setMaxBytes(1 << 20)
                .build());
    assertThat(collection.getGeneration()).isEqualTo(1);
    assertThat(collection.getKeepOriginals()).isFalse();
  }

  @Test
  void eachNumberHasItsRange() {
    complete(bounds -> bounds.setShortSide(256).setLongSide(256), 1);
    complete(bounds -> bounds.setShortSide(1024).setLongSide(16_384), 1024);
    complete(bounds -> bounds.setJpegQuality(50).setMaxBytes(1 << 16), 1);
    complete(bounds -> bounds.setJpegQuality(100).setMaxBytes(1 << 20), 1);
    invalid("partitions", () -> complete(bounds -> {}, 1025));
    invalid("partitions", () -> complete(bounds -> {}, -1));
    invalid("short_side", () -> complete(bounds -> bounds.setShortSide(255), 1));
    invalid("short_side", () -> complete(bounds -> bounds.setShortSide(1025), 1));
    invalid("long_side", () -> complete(bounds -> bounds.setLongSide(16_385), 1));
    invalid("less than", () -> complete(bounds -> bounds.setShortSide(512).setLongSide(511), 1));
    invalid("jpeg_quality", () -> complete(bounds -> bounds.setJpegQuality(49), 1));
    invalid("jpeg_quality", () -> complete(bounds -> bounds.setJpegQuality(101), 1));
    invalid("max_bytes", () -> complete(bounds -> bounds.setMaxBytes((1 << 16) - 1), 1));
    invalid("max_bytes", () -> complete(bounds -> bounds.setMaxBytes((1 << 20) + 1), 1));
  }

  @Test
  void aModelIsNamedByAnId() {
    invalid(
        "model",
        () ->
            CollectionRules.complete(
                "hats00000001",
                new NewCollection(
                    "hats",
                    "../x",
                    CanonicalBounds.getDefaultInstance(),
                    Optional.empty(),
                    0,
                    false),
                new FakeSettings(),
                Instant.EPOCH));
  }

  @Test
  void aModelIsServedAndGetsThePixelsThatItWants() {
    Collection collection = complete(bounds -> {}, 1);
    CollectionRules.requireModel(collection, SERVED);
    CollectionRules.requireModel(collection.toBuilder().setModel("small").build(), SERVED);
    refused(
        ErrorCode.MODEL_NOT_SERVED,
        () ->
            CollectionRules.requireModel(collection.toBuilder().setModel("other").build(), SERVED));
    Collection tall = collection.toBuilder().setModel("tall").build();
    refused(ErrorCode.MODEL_WANTS_MORE_PIXELS, () -> CollectionRules.requireModel(tall, SERVED));
    CollectionRules.requireModel(tall.toBuilder().setAcceptSmallerImages(true).build(), SERVED);
    refused(
        ErrorCode.MODEL_WANTS_MORE_PIXELS,
        () ->
            CollectionRules.requireModel(
                collection,
                new ServedModels(
                    List.of(new ServedModels.Model("large", 600, 600)),
                    Optional.of("large"),
                    Map.of())));
    // Nobody knows the default model yet: it is checked when it is bound.
    CollectionRules.requireModel(
        collection, new ServedModels(SERVED.models(), Optional.empty(), Map.of()));
  }

  private static void invalid(String detail, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
              assertThat(e.detail()).contains(detail);
            });
  }

  private static void refused(ErrorCode code, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
