package dev.lookalike.embed.stage;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** Watches how many of the last images the model failed on. Not thread-safe. */
public final class FailedShare {
  /** Images that are looked back at. */
  static final int WINDOW = 64;

  /** Fewer images say nothing about a model. */
  static final int ENOUGH = 16;

  private final double limit;
  private final Deque<Boolean> failed = new ArrayDeque<>();

  public FailedShare(double limit) {
    this.limit = limit;
  }

  /** Takes the outcomes in; tells why the pipeline must stop, if it must. */
  public Optional<String> add(List<EmbedOutcome> outcomes) {
    String last = "";
    for (EmbedOutcome outcome : outcomes) {
      switch (outcome) {
        case EmbedOutcome.Embedded embedded -> failed.add(false);
        case EmbedOutcome.Rejected rejected -> {
          if (rejected.reason().isTheModels()) {
            failed.add(true);
            last = rejected.reason() + ": " + rejected.detail();
          }
        }
        case EmbedOutcome.Removed removed -> {}
      }
    }
    while (failed.size() > WINDOW) {
      failed.remove();
    }
    long bad = failed.stream().filter(each -> each).count();
    if (last.isEmpty() || failed.size() < ENOUGH || bad <= limit * failed.size()) {
      return Optional.empty();
    }
    return Optional.of(
        "the model fails on %d of the last %d images, the limit is %.0f %%; last %s"
            .formatted(bad, failed.size(), 100 * limit, last));
  }
}
