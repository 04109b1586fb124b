package dev.lookalike.query.compare;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.query.compare.Comparison.Difference;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.State;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Consumer;

/** What differs between entries. */
final class Differences {
  private Differences() {}

  /**
   * How one entry differs; empty if it does not.
   *
   * @param wanted as the log makes it
   * @param found as the index has it
   */
  static Optional<Difference> between(Optional<Entry> wanted, Optional<Entry> found) {
    if (wanted.isEmpty()) {
      // The log forgets deleted images in the end; an index may still know them.
      return found.filter(entry -> entry.state() != State.DELETED).map(entry -> Difference.EXTRA);
    }
    if (found.isEmpty()) {
      return Optional.of(Difference.MISSING);
    }
    Entry one = wanted.get();
    Entry other = found.get();
    boolean same =
        one.outcome().equals(other.outcome())
            && one.attributes().equals(other.attributes())
            && one.labels().equals(other.labels())
            && Arrays.equals(one.embedding().orElse(null), other.embedding().orElse(null));
    return same ? Optional.empty() : Optional.of(Difference.STALE);
  }

  /**
   * Walks along the entries of both, each in the order of the ids.
   *
   * @param differs given the id of every entry that differs
   * @return the number of wanted entries
   */
  static long walk(Iterator<Entry> wanted, Iterator<Entry> found, Consumer<String> differs) {
    Optional<Entry> one = next(wanted);
    Optional<Entry> other = next(found);
    long compared = 0;
    while (one.isPresent() || other.isPresent()) {
      int order = order(one, other);
      Optional<Entry> here = order <= 0 ? one : Optional.empty();
      Optional<Entry> there = order >= 0 ? other : Optional.empty();
      if (between(here, there).isPresent()) {
        differs.accept(here.or(() -> there).orElseThrow().imageId());
      }
      if (order <= 0) {
        compared++;
        one = next(wanted);
      }
      if (order >= 0) {
        other = next(found);
      }
    }
    return compared;
  }

  private static Optional<Entry> next(Iterator<Entry> entries) {
    return entries.hasNext() ? Optional.of(entries.next()) : Optional.empty();
  }

  /** By the bytes of the ids in UTF-8, as indexes list them; the end comes last. */
  private static int order(Optional<Entry> one, Optional<Entry> other) {
    if (one.isEmpty() || other.isEmpty()) {
      return one.isEmpty() ? 1 : -1;
    }
    return Arrays.compareUnsigned(
        one.get().imageId().getBytes(UTF_8), other.get().imageId().getBytes(UTF_8));
  }
}
