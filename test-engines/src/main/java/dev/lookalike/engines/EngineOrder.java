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
 * The order in which a test takes an engine: the one whose address is given, one in a container, a
 * process of its package; else the test is skipped and says what is missing. Where engines are
 * {@link #required} a skip is a failure, and so is an image that is there and does not run.
 */
public final class EngineOrder {
  private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

  private EngineOrder() {}

  /**
   * The first way that leads to an engine; those after it are not tried. An address that is given
   * is meant: where it is broken none is.
   *
   * @param required does not go past a broken container either
   * @return what was wrong with each way where none does; broken if one of them was
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

  /** Whether the environment wants all tests to run: {@code CI=true}. */
  public static boolean required() {
    return Boolean.parseBoolean(System.getenv("CI")) || Boolean.getBoolean("engines.required");
  }

  /**
   * The engine; without one the test ends here.
   *
   * @param required fails rather than skips
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
        // Maven counts what is skipped and keeps the reason to itself.
        say(words + ": skipped");
        yield Assumptions.abort(words);
      }
    };
  }

  /** A variable of the environment that says something. */
  public static Optional<String> variable(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isBlank());
  }

  /** The address that a variable of the environment gives. */
  public static Attempt<String> given(String variable) {
    return variable(variable)
        .<Attempt<String>>map(Found::new)
        .orElseGet(() -> new Missing<>(variable + " gives no address"));
  }

  /** One line for whoever reads the output of a build, and each line once. */
  static void say(String words) {
    if (SAID.add(words)) {
      System.err.println("engines: " + words);
    }
  }
}
