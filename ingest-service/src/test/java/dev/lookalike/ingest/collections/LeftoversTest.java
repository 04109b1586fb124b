package dev.lookalike.ingest.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.ingest.blobs.BlobKey;
import dev.lookalike.ingest.blobs.FakeBlobs;
import dev.lookalike.ingest.fakes.FakeTopics;
import dev.lookalike.log.RegistryView;
import dev.lookalike.log.Topics;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LeftoversTest {
  private static final String HATS = "hats00000001";
  private static final BlobKey ORIGINAL = BlobKey.of(HATS, "a", new byte[32]);
  private static final List<RegistryView.Deleted> DELETED =
      List.of(new RegistryView.Deleted(HATS, Set.of(), false));

  private final FakeTopics topics = new FakeTopics();
  private final FakeBlobs blobs = new FakeBlobs();
  private long nanos = -5;
  private final Leftovers leftovers = new Leftovers(topics, blobs, () -> nanos);

  @BeforeEach
  void make() throws Exception {
    topics.provide(HATS, 1);
    topics.provideClassifiers(HATS, 1);
    topics.provide("shoes0000001", 1);
    blobs.put(ORIGINAL, "a", new byte[1]);
  }

  @Test
  void takesAwayEverythingOfADeletedCollectionAndNothingElse() throws Exception {
    leftovers.remove(DELETED);
    assertThat(topics.names)
        .containsExactlyInAnyOrder(
            Topics.images("shoes0000001"), Topics.annotations("shoes0000001"));
    assertThat(blobs.open(ORIGINAL)).isEmpty();
  }

  @Test
  void looksOnceAndAgainAfterAWhile() {
    leftovers.remove(DELETED);
    leftovers.remove(DELETED);
    assertThat(topics.asked).isEqualTo(1);
    // A broker that creates topics by itself brings one back.
    topics.provide(HATS, 1);
    nanos += Duration.ofMinutes(1).toNanos();
    leftovers.remove(DELETED);
    assertThat(topics.names).doesNotContain(Topics.images(HATS));
  }

  @Test
  void originalsGoThoughATopicMayNotBeDeleted() throws Exception {
    topics.held.add(Topics.images(HATS));
    leftovers.remove(DELETED);
    assertThat(topics.names).contains(Topics.images(HATS)).doesNotContain(Topics.annotations(HATS));
    assertThat(blobs.open(ORIGINAL)).isEmpty();
    topics.held.clear();
    leftovers.remove(DELETED);
    assertThat(topics.names).doesNotContain(Topics.images(HATS));
  }

  @Test
  void aStoreThatIsAwayIsAskedAgain() throws Exception {
    blobs.away = true;
    leftovers.remove(DELETED);
    blobs.away = false;
    leftovers.remove(DELETED);
    assertThat(blobs.open(ORIGINAL)).isEmpty();
  }

  @Test
  void aBrokerThatIsAwayEndsTheRound() {
    topics.away = true;
    assertThatThrownBy(() -> leftovers.remove(DELETED)).isInstanceOf(RefusedException.class);
    topics.away = false;
    leftovers.remove(DELETED);
    assertThat(topics.names).doesNotContain(Topics.images(HATS));
  }
}
