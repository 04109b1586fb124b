package dev.lookalike.engines;

import java.util.function.Function;

/** The result of one way to get an engine. */
public sealed interface Attempt<E> {

  /** The engine answers. */
  record Found<E>(E engine) implements Attempt<E> {}

  /**
   * There is no engine this way.
   *
   * @param why what is missing, and how to get it, in a few words without a full stop
   */
  record Missing<E>(String why) implements Attempt<E> {}

  /**
   * There is an engine, but it does not run.
   *
   * @param why in a few words without a full stop
   */
  record Broken<E>(String why) implements Attempt<E> {}

  /** Continues with the next step if found. */
  default <F> Attempt<F> then(Function<E, Attempt<F>> step) {
    return switch (this) {
      case Found<E>(E engine) -> step.apply(engine);
      case Missing<E>(String why) -> new Missing<>(why);
      case Broken<E>(String why) -> new Broken<>(why);
    };
  }
}
