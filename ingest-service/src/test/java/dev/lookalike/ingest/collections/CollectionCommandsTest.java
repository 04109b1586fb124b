package dev.lookalike.ingest.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.ingest.blobs.BlobKey;
import dev.lookalike.ingest.blobs.FakeBlobs;
import dev.lookalike.ingest.fakes.FakeLog;
import dev.lookalike.ingest.fakes.FakeRegistry;
import dev.lookalike.ingest.fakes.FakeTopics;
import dev.lookalike.log.CollectionState;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Commands on a registry in memory, which settles races as the real one does. */
class CollectionCommandsTest {
  private static final String HATS = "hats00000001";
  private static final String SHOES = "shoes0000001";
  private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");

  private final FakeLog log = new FakeLog();
  private final FakeRegistry registry = new FakeRegistry(log);
  private final FakeTopics topics = new FakeTopics();
  private final FakeBlobs blobs = new FakeBlobs();
  private Optional<ServedModels> served = Optional.empty();
  private final CollectionCommands commands =
      new CollectionCommands(
          registry,
          log,
          topics,
          new FakeSettings(),
          () -> served,
          new Descriptions(registry, () -> served, id -> Optional.empty(), Duration.ZERO),
          new Leftovers(topics, blobs, () -> 0),
          () -> NOW);

  private static NewCollection named(String name) {
    return new NewCollection(
        name, "", CanonicalBounds.getDefaultInstance(), Optional.empty(), 0, false);
  }

  private List<CollectionEvent> written() throws Exception {
    List<CollectionEvent> events = new java.util.ArrayList<>();
    for (var record : log.appended) {
      events.add(CollectionEvent.parseFrom(record.value()));
    }
    return events;
  }

  @Test
  void createsTheTopicsAndTellsTheRegistry() throws Exception {
    DescribedCollection created = commands.create(named("hats"));
    Collection collection = created.state().collection();
    assertThat(collection.getName()).isEqualTo("hats");
    assertThat(collection.getId()).matches("[a-z0-9]{12}");
    assertThat(collection.getPartitions()).isEqualTo(4);
    assertThat(collection.getCreatedAt().getSeconds()).isEqualTo(NOW.getEpochSecond());
    assertThat(topics.names)
        .containsExactlyInAnyOrder(
            Topics.images(collection.getId()), Topics.annotations(collection.getId()));
    assertThat(written()).hasSize(1);
    assertThat(created.problem()).hasValue("no model is bound: the embed service does not answer");
  }

  @Test
  void aNameThatIsTakenIsRefusedAndNothingIsMade() {
    registry.write(HATS, "hats");
    refused(ErrorCode.COLLECTION_EXISTS, () -> commands.create(named("hats")));
    refused(ErrorCode.INVALID_COLLECTION_NAME, () -> commands.create(named("Hats")));
    assertThat(log.appended).isEmpty();
    assertThat(topics.names).isEmpty();
  }

  @Test
  void ofTwoCreationsTheFirstInTheLogWinsAndNothingIsLeftOfTheOther() throws Exception {
    log.meanwhile = () -> registry.write(HATS, "hats");
    refused(ErrorCode.COLLECTION_EXISTS, () -> commands.create(named("hats")));
    assertThat(registry.view().collections())
        .extracting(state -> state.collection().getId())
        .containsExactly(HATS);
    assertThat(written())
        .extracting(CollectionEvent::getEventCase)
        .containsExactly(CollectionEvent.EventCase.COLLECTION, CollectionEvent.EventCase.DELETED);
    assertThat(registry.view().late()).isEmpty();
    assertThat(topics.names).isEmpty();
  }

  @Test
  void topicsThatRequireAnOperatorAreToldBeforeAnythingIsWritten() {
    topics.createdHere = false;
    String id = CollectionIds.ofName("hats", registry.view());
    topics.problems.put(Topics.annotations(id), "create it");
    assertThatThrownBy(() -> commands.create(named("hats")))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.TOPICS_NOT_READY);
              assertThat(e.detail()).isEqualTo("create it");
            });
    assertThat(log.appended).isEmpty();
    // Asked for again once the operator is done, the id is the same.
    topics.problems.clear();
    assertThat(commands.create(named("hats")).state().collection().getId()).isEqualTo(id);
  }

  @Test
  void aModelThatCouldNeverBeBoundIsRefused() {
    served =
        Optional.of(
            new ServedModels(
                List.of(new ServedModels.Model("small", 224, 224)),
                Optional.of("small"),
                Map.of()));
    NewCollection wanted =
        new NewCollection(
            "hats", "large", CanonicalBounds.getDefaultInstance(), Optional.empty(), 0, false);
    refused(ErrorCode.MODEL_NOT_SERVED, () -> commands.create(wanted));
    assertThat(log.appended).isEmpty();
    assertThat(commands.create(named("hats")).problem()).hasValue("no model is bound yet");
  }

  @Test
  void nothingIsCreatedBeforeTheRegistryIsRead() {
    registry.caughtUp = false;
    refused(ErrorCode.BROKER_UNAVAILABLE, () -> commands.create(named("hats")));
    assertThat(topics.names).isEmpty();
  }

  @Test
  void aRecordThatIsNotReadBackIsNoSuccess() {
    registry.stuck = true;
    refused(ErrorCode.BROKER_UNAVAILABLE, () -> commands.create(named("hats")));
  }

  @Test
  void aRenameKeepsTheIdAndFreesTheName() {
    registry.write(HATS, "hats");
    CollectionState renamed = commands.rename("hats", "caps");
    assertThat(renamed.collection().getId()).isEqualTo(HATS);
    assertThat(renamed.collection().getName()).isEqualTo("caps");
    assertThat(registry.view().find("hats")).isEmpty();
    int written = log.appended.size();
    assertThat(commands.rename(HATS, "caps").collection().getName()).isEqualTo("caps");
    assertThat(log.appended).as("to its own name: nothing to write").hasSize(written);
  }

  @Test
  void aRenameToATakenOrImpossibleNameIsRefused() {
    registry.write(HATS, "hats");
    registry.write(SHOES, "shoes");
    refused(ErrorCode.COLLECTION_EXISTS, () -> commands.rename("hats", "shoes"));
    refused(ErrorCode.INVALID_COLLECTION_NAME, () -> commands.rename("hats", "a b"));
    refused(ErrorCode.COLLECTION_NOT_FOUND, () -> commands.rename("boots", "caps"));
    assertThat(log.appended).isEmpty();
  }

  @Test
  void ofTwoRenamesTheFirstInTheLogWinsAndTheOtherKeepsItsName() throws Exception {
    registry.write(HATS, "hats");
    Collection shoes = registry.write(SHOES, "shoes");
    log.meanwhile =
        () -> registry.write(shoes.toBuilder().setName("caps").setPreviousName("shoes").build());
    refused(ErrorCode.COLLECTION_EXISTS, () -> commands.rename("hats", "caps"));
    assertThat(registry.view().withId(SHOES).orElseThrow().collection().getName())
        .isEqualTo("caps");
    assertThat(registry.view().withId(HATS).orElseThrow().collection().getName()).isEqualTo("hats");
    assertThat(registry.view().late()).as("settled in the log").isEmpty();
    assertThat(written().getLast().getCollection().getName()).isEqualTo("hats");
  }

  @Test
  void aRenameOfWhatIsDeletedMeanwhileSaysSo() {
    registry.write(HATS, "hats");
    log.meanwhile = () -> registry.delete(HATS);
    refused(ErrorCode.COLLECTION_NOT_FOUND, () -> commands.rename("hats", "caps"));
    assertThat(registry.view().deleted())
        .as("its deletion is said again, after the rename")
        .noneMatch(deleted -> deleted.overwritten());
  }

  @Test
  void aDeletionTakesTopicsAndOriginalsAlong() throws Exception {
    DescribedCollection created = commands.create(named("hats"));
    String id = created.state().collection().getId();
    topics.provideClassifiers(id, 1);
    BlobKey original = BlobKey.of(id, "a", new byte[32]);
    blobs.put(original, "a", new byte[1]);
    assertThat(commands.delete("hats").getId()).isEqualTo(id);
    assertThat(registry.view().collections()).isEmpty();
    assertThat(topics.names).isEmpty();
    assertThat(blobs.open(original)).isEmpty();
  }

  @Test
  void aDeletionStandsThoughItsLeftoversStay() {
    registry.write(HATS, "hats");
    topics.away = true;
    assertThat(commands.delete("hats").getId()).isEqualTo(HATS);
    assertThat(registry.view().collections()).isEmpty();
  }

  @Test
  void aCollectionToDeleteIsNamed() {
    registry.write("default00001", "default");
    refused(ErrorCode.INVALID_COLLECTION_NAME, () -> commands.delete(""));
    refused(ErrorCode.COLLECTION_NOT_FOUND, () -> commands.delete("hats"));
    assertThat(registry.view().collections()).hasSize(1);
  }

  private static void refused(ErrorCode code, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
