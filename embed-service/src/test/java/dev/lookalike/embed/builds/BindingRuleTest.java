package dev.lookalike.embed.builds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.embed.builds.BindingRule.Decision;
import dev.lookalike.embed.builds.Offers.Offer;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.proto.image.v1.ModelReference;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BindingRuleTest {
  private static final Instant NOW = Instant.ofEpochSecond(1000, 5);
  private static final Offer SMALL = offer("small", 224, 224);
  private static final Offer WIDE = offer("wide", 512, 256);
  private static final Offers OFFERS = new Offers(List.of(SMALL, WIDE), Optional.of(SMALL));

  private static Offer offer(String id, int width, int height) {
    return new Offer(
        ModelReference.newBuilder()
            .setId(id)
            .setDigest("digest-of-" + id)
            .setPreprocessingVersion("p1")
            .build(),
        width,
        height);
  }

  private static Collection collection(String model, int shortSide, int longSide) {
    return Collection.newBuilder()
        .setId("c1")
        .setGeneration(3)
        .setModel(model)
        .setBounds(CanonicalBounds.newBuilder().setShortSide(shortSide).setLongSide(longSide))
        .build();
  }

  private static Build bound(Collection collection) {
    return ((Decision.Bound) BindingRule.decide(collection, OFFERS, NOW)).build();
  }

  private static String refused(Collection collection, Offers offers) {
    return ((Decision.Refused) BindingRule.decide(collection, offers, NOW)).reason();
  }

  @Test
  void aCollectionGetsALiveBuildOfTheModelThatItNames() {
    Build build = bound(collection("wide", 512, 1024));
    assertThat(build.getModel()).isEqualTo(WIDE.model());
    assertThat(build.getState()).isEqualTo(BuildState.BUILD_STATE_LIVE);
    assertThat(build.getCollectionId()).isEqualTo("c1");
    assertThat(build.getGeneration()).isEqualTo(3);
    assertThat(build.getCreatedAt().getSeconds()).isEqualTo(1000);
    assertThat(build.getId()).isEqualTo(BindingRule.buildId(WIDE.model(), 3));
  }

  @Test
  void withoutANameItGetsTheDefaultAndNoOther() {
    assertThat(bound(collection("", 512, 1024)).getModel()).isEqualTo(SMALL.model());
    Offers withoutDefault = new Offers(List.of(SMALL, WIDE), Optional.empty());
    assertThat(refused(collection("", 512, 1024), withoutDefault))
        .isEqualTo("the default model is not served");
  }

  @Test
  void aModelThatIsNotServedIsNamedBesideThoseThatAre() {
    assertThat(refused(collection("other", 512, 1024), OFFERS))
        .contains("asks for model other", "small (digest digest-of-sm, preprocessing p1)", "wide");
    assertThat(refused(collection("other", 512, 1024), new Offers(List.of(), Optional.empty())))
        .endsWith("served: none");
  }

  @Test
  void anInputLargerThanTheImagesThatAreKeptIsRefusedUnlessItWasAskedFor() {
    assertThat(bound(collection("wide", 256, 512)).getModel()).isEqualTo(WIDE.model());
    for (Collection tooSmall :
        List.of(collection("wide", 255, 1024), collection("wide", 512, 511))) {
      assertThat(refused(tooSmall, OFFERS)).contains("512 x 256", "accept_smaller_images");
      assertThat(bound(tooSmall.toBuilder().setAcceptSmallerImages(true).build()).getModel())
          .isEqualTo(WIDE.model());
    }
  }

  @Test
  void boundsThatTheCollectionLeavesOutBoundNothing() {
    assertThat(bound(collection("wide", 0, 0)).getModel()).isEqualTo(WIDE.model());
  }

  /** Every instance names the build alike; other weights, preprocessing or generations do not. */
  @Test
  void theIdOfABuildIsThatOfItsWeightsPreprocessingAndGeneration() {
    String id = BindingRule.buildId(SMALL.model(), 3);
    assertThat(id).matches("[0-9a-f]{16}");
    assertThat(BindingRule.buildId(SMALL.model().toBuilder().setId("renamed").build(), 3))
        .isEqualTo(id);
    assertThat(BindingRule.buildId(SMALL.model(), 4)).isNotEqualTo(id);
    assertThat(BindingRule.buildId(WIDE.model(), 3)).isNotEqualTo(id);
    assertThat(
            BindingRule.buildId(SMALL.model().toBuilder().setPreprocessingVersion("p2").build(), 3))
        .isNotEqualTo(id);
  }
}
