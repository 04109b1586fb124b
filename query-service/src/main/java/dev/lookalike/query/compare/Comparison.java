package dev.lookalike.query.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How an index differs from the log.
 *
 * @param compared entries that the log makes
 * @param missing entries that the index lacks
 * @param stale entries that the index has in another form
 * @param extra entries that only the index has
 * @param examples the first of those that differ, at most 100
 */
public record Comparison(
    long compared, long missing, long stale, long extra, List<Example> examples) {
  private static final int MAX_EXAMPLES = 100;

  /** An entry that differs: {@code missing}, {@code stale} or {@code extra}. */
  public record Example(String imageId, String difference) {}

  /** How an entry differs. */
  public enum Difference {
    /** The log has it, the index does not. */
    MISSING,
    /** Both have it, and they differ. */
    STALE,
    /** The index has it, the log does not. */
    EXTRA
  }

  public Comparison {
    examples = List.copyOf(examples);
  }

  /** Without a difference. */
  public static Comparison clean(long compared) {
    return new Comparison(compared, 0, 0, 0, List.of());
  }

  /** Whether nothing differs. */
  public boolean isClean() {
    return missing == 0 && stale == 0 && extra == 0;
  }

  /** With one more difference. */
  public Comparison with(Difference difference, String imageId) {
    List<Example> more = new ArrayList<>(examples);
    if (more.size() < MAX_EXAMPLES) {
      more.add(new Example(imageId, difference.name().toLowerCase(Locale.ROOT)));
    }
    return new Comparison(
        compared,
        missing + (difference == Difference.MISSING ? 1 : 0),
        stale + (difference == Difference.STALE ? 1 : 0),
        extra + (difference == Difference.EXTRA ? 1 : 0),
        more);
  }
}
