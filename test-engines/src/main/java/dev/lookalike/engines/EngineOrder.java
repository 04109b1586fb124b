package dev.lookalike.engines;

import dev.lookalike.engines.Attempt.Broken;
import dev.lookalike.engines.Attempt.Found;
import dev.lookalike.engines.Attempt.Missing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;

/**
 * The order in which a test looks for an engine: a given address, a container, a process of its
 * package; otherwise the test is skipped and says what is missing. If engines are {@link
 * #required}, a skip is a failure, and so is an existing image that does not run.
 */
public final class EngineOrder {
  private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

  private EngineOrder() {}

  /**
   * Takes the first engine that is found and does not try the rest. If a given address does not
   * work, nothing else is tried.
   *
   * @param required whether to stop at a broken container, too
   * @return if none was found, the reason for each way; Broken if one of them was
   */
  public static <E> Attempt<E> first(
      boolean required,
      Supplier<Attempt<E>> address,
      Supplier<Attempt<E>> container,
      Supplier<Attempt<E>> process) {
    List<String> wrong = new ArrayList<>();
    boolean broken = false;
    for (Supplier<Attempt<E>> way : List.of(address, container, process)) {
      switch (way.get()) {
        case Found<E> found -> {
          return found;
        }
        case Missing<E>(String why) -> wrong.add(why);
        case Broken<E>(String why) -> {
          wrong.add(why);
          broken = true;
        }
      }
      if (broken && (required || way == address)) {
        break;
      }
    }
    String all = String.join("; ", wrong);
    return broken ? new Broken<>(all) : new Missing<>(all);
  }

  /** Whether the environment requires all tests to run: {@code CI=true}. */
  public static boolean required() {
    return Boolean.parseBoolean(System.getenv("CI")) || Boolean.getBoolean("engines.required");
  }

  /**
   * Returns the engine; without one the test ends here.
   *
   * @param required whether to fail instead of skipping
   */
  public static <E> E take(String engine, Attempt<E> attempt, boolean required) {
    return switch (attempt) {
      case Found<E>(E found) -> found;
      case Broken<E>(String why) -> throw new AssertionError(engine + ": " + why);
      case Missing<E>(String why) -> {
        String words = "no " + engine + " to test with: " + why;
        if (required) {
          throw new AssertionError(words);
        }
        // Maven counts skipped tests but does not show the reason.
        say(words + ": skipped");
        yield Assumptions.abort(words);
      }
    };
  }

  /** An environment variable; empty if unset or blank. */
  public static Optional<String> variable(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isBlank());
  }

  /** The address in an environment variable. */
  public static Attempt<String> given(String variable) {
    return variable(variable)
        .<Attempt<String>>map(Found::new)
        .orElseGet(() -> new Missing<>(variable + " is not set"));
  }

  /** Prints a line for the reader of the build output, each line once. */
  static void say(String words) {
    if (SAID.add(words)) {
      System.err.println("engines: " + words);
    }
  }
}
