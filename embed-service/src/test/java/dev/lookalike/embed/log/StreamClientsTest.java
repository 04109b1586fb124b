package dev.lookalike.embed.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.proto.events.v1.Build;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Slots, and what happens when two processes claim one. */
class StreamClientsTest {
  private record Settings() implements StreamSettings {
    @Override
    public int maxPollRecords() {
      return 7;
    }

    @Override
    public Duration sessionTimeout() {
      return Duration.ofSeconds(6);
    }

    @Override
    public Duration transactionTimeout() {
      return Duration.ofSeconds(10);
    }

    @Override
    public double maxFailedShare() {
      return 0.5;
    }
  }

  private static StreamClients clients(String build, String slot) {
    return new StreamClients(
        Build.newBuilder().setCollectionId("c1").setId(build).build(),
        Map.of("bootstrap.servers", "broker:9092", "isolation.level", "read_uncommitted"),
        new Settings(),
        slot);
  }

  /** The broker ends what a killed process of a slot left open when the slot starts again. */
  @Test
  void aSlotHasOneTransactionalIdAndOnePlaceInTheGroupOfTheBuild() {
    StreamClients clients = clients("b1", "a");
    assertThat(clients.producer())
        .containsEntry("transactional.id", "lookalike.embed.c1.b1.a")
        .containsEntry("transaction.timeout.ms", 10_000);
    assertThat(clients.consumer())
        .containsEntry("group.id", "lookalike.embed.c1.b1")
        .containsEntry("group.instance.id", "a")
        .containsEntry("group.protocol", "classic")
        .containsEntry("max.poll.records", 7);
    assertThat(clients("b1", "b").transactionalId()).isNotEqualTo(clients.transactionalId());
    assertThat(clients("b2", "a").group()).isNotEqualTo(clients.group());
  }

  @Test
  void whatExactlyOnceNeedsWinsOverTheSettingsOfTheClients() {
    assertThat(clients("b1", "a").consumer())
        .containsEntry("bootstrap.servers", "broker:9092")
        .containsEntry("isolation.level", "read_committed")
        .containsEntry("enable.auto.commit", false);
  }

  @Test
  void whatMustBeAllowedIsNamed() {
    assertThat(clients("b1", "a").permissions())
        .contains(
            "topic lookalike.images.c1",
            "group lookalike.embed.c1.b1,",
            "topic lookalike.embeddings.c1.b1",
            "transactional id lookalike.embed.c1.b1.a");
  }

  @Test
  void errorsInARowAreWaitedForLongerAndAStolenSlotLongest() {
    RestartPauses pauses = new RestartPauses();
    assertThat(pauses.after(false, false)).isEqualTo(Duration.ofMillis(200));
    assertThat(pauses.after(false, false)).isEqualTo(Duration.ofMillis(400));
    assertThat(pauses.after(false, true)).isEqualTo(RestartPauses.FENCED);
    for (int i = 0; i < 5; i++) {
      pauses.after(false, false);
    }
    assertThat(pauses.after(false, false)).isEqualTo(RestartPauses.LONGEST);
    assertThat(pauses.after(true, false)).isEqualTo(RestartPauses.FIRST);
  }
}
