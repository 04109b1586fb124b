package dev.lookalike.ingest.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.ingest.blobs.FakeBlobs;
import dev.lookalike.ingest.fakes.FakeLog;
import dev.lookalike.ingest.fakes.FakeRegistry;
import dev.lookalike.ingest.fakes.FakeTopics;
import dev.lookalike.log.Topics;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class UpkeepTest {
  private static final String FIRST = "default00001";

  private final FakeLog log = new FakeLog();
  private final FakeRegistry registry = new FakeRegistry(log);
  private final FakeTopics topics = new FakeTopics();
  private final FakeBlobs blobs = new FakeBlobs();
  private final Leftovers leftovers = new Leftovers(topics, blobs, () -> 0);
  private final CollectionCommands commands =
      new CollectionCommands(
          registry,
          log,
          topics,
          new FakeSettings(),
          Optional::empty,
          new Descriptions(registry, Optional::empty, id -> Optional.empty(), Duration.ZERO),
          leftovers,
          () -> Instant.EPOCH);
  private final Upkeep upkeep = new Upkeep(registry, commands, topics, leftovers);

  private String idOf(String name) {
    return registry.view().find(name).orElseThrow().collection().getId();
  }

  @Test
  void theFirstStartCreatesTheRegistryAndTheDefaultCollection() {
    assertThat(upkeep.trouble()).hasValue("the collection default has not been created yet");
    upkeep.run();
    assertThat(idOf("default")).isEqualTo(FIRST);
    assertThat(topics.names)
        .containsExactlyInAnyOrder(
            Topics.COLLECTIONS, Topics.images(FIRST), Topics.annotations(FIRST));
    assertThat(upkeep.trouble()).isEmpty();
    int written = log.appended.size();
    upkeep.run();
    assertThat(log.appended).as("nothing is missing any more").hasSize(written);
  }

  @Test
  void instancesThatStartTogetherCreateOneAndTheSame() {
    log.meanwhile = () -> registry.write(FIRST, "default");
    upkeep.run();
    assertThat(registry.view().collections()).hasSize(1);
    assertThat(registry.view().late()).isEmpty();
  }

  @Test
  void aDeletedOrRenamedDefaultIsFollowedByAnEmptyOne() {
    upkeep.run();
    commands.delete("default");
    upkeep.run();
    assertThat(idOf("default")).isEqualTo("default00002");
    assertThat(topics.names).doesNotContain(Topics.images(FIRST));
    commands.rename("default", "hats");
    upkeep.run();
    assertThat(idOf("default")).isEqualTo("default00003");
    assertThat(idOf("hats")).isEqualTo("default00002");
  }

  @Test
  void uploadsGoOnWhileTheDefaultIsMadeAgain() {
    upkeep.run();
    commands.delete("default");
    assertThat(upkeep.trouble()).as("other collections are there all the same").isEmpty();
  }

  @Test
  void whatAnotherProcessLeftUnsettledIsSettled() {
    upkeep.run();
    registry.write("hats00000001", "hats");
    registry.write("hats00000002", "hats");
    topics.provide("hats00000002", 1);
    upkeep.run();
    assertThat(registry.view().late()).isEmpty();
    assertThat(registry.view().deleted())
        .extracting(deleted -> deleted.id())
        .containsExactly("hats00000002");
    assertThat(topics.names).doesNotContain(Topics.images("hats00000002"));
  }

  @Test
  void aRecordAfterADeletionDoesNotBringTheCollectionBack() {
    upkeep.run();
    registry.write("hats00000001", "hats");
    registry.delete("hats00000001");
    registry.write("hats00000001", "hats");
    assertThat(registry.view().deleted()).anyMatch(deleted -> deleted.overwritten());
    upkeep.run();
    assertThat(registry.view().deleted()).noneMatch(deleted -> deleted.overwritten());
  }

  @Test
  void aRegistryTopicThatCannotBeUsedRequiresAnOperator() {
    topics.problems.put(Topics.COLLECTIONS, "create it");
    assertThatThrownBy(upkeep::run)
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.TOPICS_NOT_READY));
    assertThat(log.appended).isEmpty();
  }

  @Test
  void topicsOfACollectionThatAreNotAsAgreedAreTrouble() {
    upkeep.run();
    registry.write("hats00000001", "hats");
    topics.problems.put(Topics.images("hats00000001"), "8 partitions, not 2");
    upkeep.run();
    assertThat(upkeep.trouble()).hasValue("8 partitions, not 2");
    topics.problems.clear();
    upkeep.run();
    assertThat(upkeep.trouble()).isEmpty();
  }

  @Test
  void nothingIsDoneBeforeTheRegistryIsRead() {
    registry.caughtUp = false;
    registry.problem = Optional.of("not allowed");
    upkeep.run();
    assertThat(log.appended).isEmpty();
    assertThat(upkeep.trouble())
        .hasValue("the registry of collections has not been read yet: not allowed");
  }
}
