package dev.lookalike.cli.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.time.Duration;
import java.util.HexFormat;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A collection that is deleted when it is closed, and when the process is interrupted or
 * terminated. Creation holds the lock, so that a deletion always comes after it.
 */
final class TemporaryCollection implements AutoCloseable {

  private static final int LONGEST_NAME = 64;
  private static final Duration BINDING = Duration.ofSeconds(60);
  private static final int DELETIONS = 10;

  private final Target target;
  private final CollectionOption option;
  private final Thread hook = new Thread(this::interrupted, "delete-temporary-collection");

  private volatile boolean interrupted;

  // Both guarded by this.
  private boolean created;
  private boolean closed;

  /** Does not create it yet. */
  TemporaryCollection(Target target, String model) {
    this.target = target;
    String end = "-" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    String name = "evaluate-" + model.replaceAll("[^a-z0-9_-]", "-");
    option =
        CollectionOption.of(
            name.substring(0, Math.min(name.length(), LONGEST_NAME - end.length())) + end);
    Runtime.getRuntime().addShutdownHook(hook);
  }

  CollectionOption option() {
    return option;
  }

  /**
   * Creates the collection and waits until it can be searched.
   *
   * @param shortSide of the stored pictures, in pixels; empty: the service's default
   * @return the service's description of the model: {@code id}, {@code digest}, {@code dimension}
   */
  JsonNode create(String model, OptionalInt shortSide) {
    ObjectNode request = Json.object().put("name", option.name()).put("model", model);
    shortSide.ifPresent(pixels -> request.putObject("bounds").put("short_side", pixels));
    JsonNode state = created(request);
    long until = System.nanoTime() + BINDING.toNanos();
    while (!state.path("build").isObject() || !state.path("problem").asText("").isEmpty()) {
      if (System.nanoTime() > until) {
        throw new CommandFailure(
            ExitCode.UNAVAILABLE, "NOT_BOUND", state.path("problem").asText("no model is bound"));
      }
      pause();
      state = Rest.require(target.rest().send("GET", target.ingest(option.path(""))));
    }
    return state.path("build");
  }

  private synchronized JsonNode created(ObjectNode request) {
    if (closed) {
      throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
    }
    created = true; // Even if the answer is lost.
    Answer answer = target.rest().send("POST", target.ingest("/v1/collections"), request);
    created = !(answer instanceof Answer.Refused);
    return Rest.require(answer);
  }

  /** Whether the process is ending, so that the collection is deleted while in use. */
  boolean isInterrupted() {
    return interrupted;
  }

  private void interrupted() {
    interrupted = true;
    Terminal.SYSTEM.note("\ninterrupted: deleting the temporary collection");
    delete();
  }

  @Override
  public void close() {
    delete();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already: the hook has nothing to do.
    }
  }

  private synchronized void delete() {
    boolean there = created && !closed;
    closed = true;
    for (int i = 1; there; i++) {
      Answer answer = target.rest().send("DELETE", target.ingest(option.path("")));
      if (answer instanceof Answer.NotNow && i < DELETIONS) {
        pause();
        continue;
      }
      there = false;
      if (!(answer instanceof Answer.Ok)
          && !(answer instanceof Answer.Refused refused && refused.status() == 404)) {
        Terminal.SYSTEM.note(
            "lookalike: the temporary collection was not deleted; delete it with: "
                + "lookalike collection delete "
                + option.name()
                + " --yes");
      }
    }
  }

  private static void pause() {
    try {
      Thread.sleep(500);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
    }
  }
}
