package dev.lookalike.cli.machine;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * One process that the supervisor runs.
 *
 * @param name of its log and in {@code status}
 * @param environment added to the supervisor's own
 * @param stopStage children of a smaller stage are stopped, and gone, before those of a larger one
 */
record ChildSpec(
    String name,
    List<String> command,
    Map<String, String> environment,
    Readiness readiness,
    int stopStage) {

  /** How it is known that a child works. */
  sealed interface Readiness {

    /** It writes a line to its standard output. */
    record Says(Predicate<String> line) implements Readiness {}

    /**
     * {@code /q/health/ready} below the address answers 200, and {@code /q/health/live} from then
     * on.
     */
    record Answers(URI address) implements Readiness {}
  }

  ChildSpec {
    command = List.copyOf(command);
    environment = Map.copyOf(environment);
  }
}
