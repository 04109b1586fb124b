package dev.lookalike.cli.teach;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;

/** The classifier of a collection, as embed-service reports it, and waiting for it. */
record Publication(Target target, CollectionOption collection, Duration patience) {
  private static final Duration LOOK = Duration.ofMillis(200);

  /** The current classifier; empty if there is none. */
  Optional<JsonNode> now() {
    return found(ask());
  }

  private static Optional<JsonNode> found(Answer answer) {
    return answer instanceof Answer.Refused refused && refused.code().equals("CLASSIFIER_NOT_FOUND")
        ? Optional.empty()
        : Optional.of(Rest.require(answer));
  }

  private Answer ask() {
    return target.rest().send("GET", target.embed(collection.path("/classifier")));
  }

  /**
   * Waits until the classifier of this version is in use, and has labelled the existing images if
   * asked to.
   *
   * @param before when the previous classifier was taught; the same images give the same version
   *     again
   */
  JsonNode awaitApplied(String version, boolean existing, String before) {
    return await(
            found ->
                found.isPresent()
                    && !taughtAt(found).equals(before)
                    && found.get().path("version").asText().equals(version)
                    && (!existing
                        || isThrough(found.get())
                        || !found.get().path("state").asText().equals("applied")))
        .orElseThrow();
  }

  static String taughtAt(Optional<JsonNode> classifier) {
    return classifier.map(each -> each.path("taught_at").asText()).orElse("");
  }

  /** Waits until the classifier is removed completely. */
  void awaitGone() {
    await(Optional::isEmpty);
  }

  private static boolean isThrough(JsonNode classifier) {
    JsonNode existing = classifier.path("existing");
    return existing.path("partitions_complete").asInt() == existing.path("partitions").asInt(-1);
  }

  /** Gives up when there was no progress for as long as the patience lasts. */
  private Optional<JsonNode> await(Predicate<Optional<JsonNode>> wanted) {
    long moved = System.nanoTime();
    String last = "";
    while (true) {
      Answer answer = ask();
      if (!(answer instanceof Answer.NotNow)) {
        Optional<JsonNode> found = found(answer);
        if (wanted.test(found)) {
          return found;
        }
        String state = found.map(JsonNode::toString).orElse("");
        moved = state.equals(last) ? moved : System.nanoTime();
        last = state;
      }
      if (System.nanoTime() - moved > patience.toNanos()) {
        throw new CommandFailure(
            ExitCode.UNAVAILABLE,
            "NOT_APPLIED",
            "the change is in the log, but embed-service has made no progress for %d s; see: lookalike teach show"
                .formatted(patience.toSeconds()));
      }
      try {
        Thread.sleep(LOOK);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
      }
    }
  }
}
