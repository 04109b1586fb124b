package dev.lookalike.cli.machine;

import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A process that the supervisor runs.
 *
 * @param name used for the log and in {@code status}
 * @param environment added to the supervisor's own
 * @param stopStage children of a lower stage are gone before those of a higher stage are stopped
 */
record ChildSpec(
    String name,
    List<String> command,
    Map<String, String> environment,
    Readiness readiness,
    int stopStage) {

  /** How the supervisor knows that a child works. */
  sealed interface Readiness {

    /** The child writes a line to its standard output. */
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
