package dev.lookalike.engines;

import java.util.function.Function;

/** What one way to an engine came to. */
public sealed interface Attempt<E> {

  /** It answers. */
  record Found<E>(E engine) implements Attempt<E> {}

  /**
   * This way leads to none.
   *
   * @param why what is missing, and what would bring it, in a few words without a full stop
   */
  record Missing<E>(String why) implements Attempt<E> {}

  /**
   * There is one, and it does not run.
   *
   * @param why in a few words without a full stop
   */
  record Broken<E>(String why) implements Attempt<E> {}

  /** One step further along the way. */
  default <F> Attempt<F> then(Function<E, Attempt<F>> step) {
    return switch (this) {
      case Found<E>(E engine) -> step.apply(engine);
      case Missing<E>(String why) -> new Missing<>(why);
      case Broken<E>(String why) -> new Broken<>(why);
    };
  }
}
