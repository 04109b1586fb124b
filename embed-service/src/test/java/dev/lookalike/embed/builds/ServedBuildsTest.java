package dev.lookalike.embed.builds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.embed.builds.Offers.Offer;
import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.embed.infer.TestEmbedders;
import dev.lookalike.embed.model.runtime.OnnxModel;
import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.ModelReference;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is decided of a registry, and what is then served. */
class ServedBuildsTest {
  private static OnnxModel model;
  private static Embedder embedder;

  /** Nobody waits so long in a test. */
  private final ServedBuilds builds = new ServedBuilds(Duration.ofMinutes(1));

  private final List<Build> written = new ArrayList<>();

  @BeforeAll
  static void load() {
    model = OnnxModel.load(Path.of("src/test/resources/goldens/clip"), 1);
    embedder = TestEmbedders.of(model, 4);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static CollectionState state(String id, Build... builds) {
    Map<String, Build> byId = new java.util.HashMap<>();
    for (Build build : builds) {
      byId.put(build.getId(), build);
    }
    return new CollectionState(
        Collection.newBuilder().setId(id).setName("name of " + id).build(), byId);
  }

  private static Build build(String id, BuildState state, ModelReference of) {
    return Build.newBuilder().setId(id).setState(state).setModel(of).build();
  }

  private static Build live(String id) {
    return build(id, BuildState.BUILD_STATE_LIVE, model.reference());
  }

  private Reconciliation.Outcome reconcile(Optional<String> refusal, CollectionState... states) {
    Offer offer = new Offer(model.reference(), 224, 224);
    return new Reconciliation(
            new Offers(List.of(offer), Optional.of(offer)),
            wanted -> Optional.of(embedder).filter(each -> each.model().reference().equals(wanted)),
            (collection, build) -> refusal,
            written::add)
        .of(List.of(states), Instant.EPOCH);
  }

  @Test
  void aCollectionWithoutALiveBuildIsBoundAndServedOnceTheRegistryTellsOfIt() {
    Reconciliation.Outcome first = reconcile(Optional.empty(), state("c1"));
    assertThat(written).hasSize(1);
    assertThat(first.served()).isEmpty();
    assertThat(first.unserved()).isEmpty();
    Reconciliation.Outcome second = reconcile(Optional.empty(), state("c1", written.getFirst()));
    assertThat(written).hasSize(1);
    assertThat(second.served()).hasSize(1);
    assertThat(second.served().getFirst().embedder()).isSameAs(embedder);
  }

  @Test
  void nothingIsWrittenWhileATopicCannotBeUsed() {
    Reconciliation.Outcome outcome =
        reconcile(Optional.of("topic t does not let this service WRITE"), state("c1"));
    assertThat(written).isEmpty();
    assertThat(outcome.topicsRefused()).isTrue();
    assertThat(outcome.unserved())
        .containsExactly(
            new UnservedCollection("c1", "name of c1", "topic t does not let this service WRITE"));
    assertThat(reconcile(Optional.empty(), state("c1", live("b1"))).topicsRefused()).isFalse();
  }

  @Test
  void liveBuildsAndThoseBeingBuiltAreServedAndOldOnesAreNot() {
    Reconciliation.Outcome outcome =
        reconcile(
            Optional.empty(),
            state(
                "c1",
                live("b1"),
                build("b2", BuildState.BUILD_STATE_BUILDING, model.reference()),
                build("b3", BuildState.BUILD_STATE_RETIRED, model.reference())));
    assertThat(outcome.served())
        .extracting(each -> each.build().getId())
        .containsExactlyInAnyOrder("b1", "b2");
  }

  @Test
  void aBuildOfAnotherModelIsNotServedAndTheOthersAre() {
    ModelReference other = model.reference().toBuilder().setId("other").setDigest("d").build();
    Reconciliation.Outcome outcome =
        reconcile(
            Optional.empty(),
            state("c1", build("b1", BuildState.BUILD_STATE_LIVE, other)),
            state("c2", live("b2")));
    assertThat(outcome.served()).extracting(each -> each.build().getId()).containsExactly("b2");
    assertThat(outcome.unserved()).hasSize(1);
    assertThat(outcome.unserved().getFirst().reason())
        .contains("bound to model other", "not served here", model.reference().getId());
    assertThat(outcome.topicsRefused()).isFalse();
  }

  @Test
  void aBuildIsFoundByItsIdAndTheLiveOneWithoutOne() {
    builds.decided(
        reconcile(
            Optional.empty(),
            state(
                "c1",
                live("b1"),
                build("b2", BuildState.BUILD_STATE_BUILDING, model.reference()))));
    assertThat(builds.find("c1", "").orElseThrow().build().getId()).isEqualTo("b1");
    assertThat(builds.find("c1", "b2").orElseThrow().build().getId()).isEqualTo("b2");
    assertThat(builds.find("c1", "b3")).isEmpty();
    assertThat(builds.find("c2", "")).isEmpty();
    assertThat(builds.buildsOf(embedder)).containsExactly("b1", "b2");
  }

  @Test
  void aBindingThatIsJustComingIsWaitedFor() throws Exception {
    CollectionState state = state("c1", live("b1"));
    builds.follow(name -> Optional.of(state));
    CompletableFuture<Optional<ServedBuild>> waiting =
        CompletableFuture.supplyAsync(() -> builds.await("c1", ""));
    builds.decided(reconcile(Optional.empty(), state));
    assertThat(waiting.get(30, TimeUnit.SECONDS)).isPresent();
  }

  @Test
  void nobodyWaitsForWhatIsNotServedOrNotThere() {
    CollectionState state = state("c1", live("b1"));
    builds.follow(name -> Optional.of(state).filter(each -> name.equals("c1")));
    assertThat(builds.await("c2", "")).isEmpty();
    builds.decided(reconcile(Optional.of("no topic"), state));
    assertThat(builds.await("c1", "")).isEmpty();
  }

  @Test
  void eachServedBuildHasOneWorker() {
    List<ServedBuild> served =
        reconcile(Optional.empty(), state("c1", live("b1")), state("c2", live("b2"))).served();
    ServedChange atFirst = ServedChange.of(Set.of(), served);
    assertThat(atFirst.ending()).isEmpty();
    assertThat(atFirst.starting().keySet()).containsExactly("c1/b1", "c2/b2");
    ServedChange later = ServedChange.of(Set.of("c1/b1", "c1/b0"), served);
    assertThat(later.ending()).containsExactly("c1/b0");
    assertThat(later.starting().keySet()).containsExactly("c2/b2");
  }
}
