package dev.lookalike.ingest.collections;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.ingest.fakes.FakeLog;
import dev.lookalike.ingest.fakes.FakeRegistry;
import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.ingest.v1.CollectionCounts;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.PartitionPosition;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DescriptionsTest {
  private static final String HATS = "hats00000001";

  private final FakeRegistry registry = new FakeRegistry(new FakeLog());
  private Optional<ServedModels> served =
      Optional.of(
          new ServedModels(
              List.of(new ServedModels.Model("small", 224, 224)), Optional.empty(), Map.of()));
  private Optional<DescribeIndexResponse> index =
      Optional.of(DescribeIndexResponse.getDefaultInstance());
  private int asked;

  private Descriptions descriptions(Duration bindWait) {
    return new Descriptions(
        registry,
        () -> served,
        id -> {
          asked++;
          return asked > 2 ? index : Optional.empty();
        },
        bindWait);
  }

  @BeforeEach
  void hats() {
    registry.write(HATS, "hats");
  }

  @Test
  void countsWhatTheIndexHasAndWhatIsPending() {
    registry.bind(HATS, "b1");
    index =
        Optional.of(
            DescribeIndexResponse.newBuilder()
                .setSearchable(5)
                .setRejected(2)
                .setDeleted(1)
                .addPartitions(PartitionPosition.newBuilder().setApplied(4).setImagesEnd(7))
                // An index may be asked between two looks at the end of the log.
                .addPartitions(PartitionPosition.newBuilder().setApplied(9).setImagesEnd(8))
                .build());
    asked = 2;
    DescribedCollection described = descriptions(Duration.ZERO).describe("hats");
    assertThat(described.problem()).isEmpty();
    assertThat(described.counts())
        .hasValue(
            CollectionCounts.newBuilder()
                .setSearchable(5)
                .setRejected(2)
                .setDeleted(1)
                .setPending(3)
                .build());
  }

  @Test
  void saysWhyItCannotBeSearched() {
    Descriptions descriptions = descriptions(Duration.ZERO);
    assertThat(descriptions.describe("hats").problem()).hasValue("no model is bound yet");
    served =
        Optional.of(
            new ServedModels(
                List.of(new ServedModels.Model("small", 224, 224)),
                Optional.empty(),
                Map.of(HATS, "model \"x\" is not served")));
    assertThat(descriptions.describe("hats").problem()).hasValue("model \"x\" is not served");
    served = Optional.empty();
    assertThat(descriptions.describe("hats").problem())
        .hasValue("no model is bound: the embed service does not answer");
    registry.bind(HATS, "b1");
    assertThat(descriptions.describe("hats").problem()).hasValue("its index does not answer yet");
  }

  @Test
  void aCreationWaitsForTheIndexAndNotWithoutABuild() {
    CollectionState created = registry.view().withId(HATS).orElseThrow();
    assertThat(descriptions(Duration.ofMinutes(1)).awaitSearchable(created).problem())
        .as("no build within the wait")
        .hasValue("no model is bound yet");
    registry.bind(HATS, "b1");
    DescribedCollection bound = descriptions(Duration.ofMinutes(1)).awaitSearchable(created);
    assertThat(bound.problem()).isEmpty();
    assertThat(bound.state().live()).isPresent();
    assertThat(asked).isEqualTo(3);
  }

  @Test
  void aCreationWaitsForABoundedTime() {
    registry.bind(HATS, "b1");
    index = Optional.empty();
    assertThat(
            descriptions(Duration.ZERO)
                .awaitSearchable(registry.view().withId(HATS).orElseThrow())
                .problem())
        .hasValue("its index does not answer yet");
  }
}
