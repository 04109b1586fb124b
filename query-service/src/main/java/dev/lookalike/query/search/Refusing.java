package dev.lookalike.query.search;

import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.filter.FilterParser;
import dev.lookalike.query.filter.InvalidFilterException;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** Turns what an index and the filter parser throw into refusals. */
final class Refusing {
  private static final Logger LOG = Logger.getLogger(Refusing.class);

  private Refusing() {}

  /**
   * Reads an index.
   *
   * @throws RefusedException INVALID_ARGUMENT where that would take too much, else
   *     STORAGE_UNAVAILABLE
   */
  static <T> T reading(Supplier<T> read) {
    try {
      return read.get();
    } catch (IndexException e) {
      if (e.kind() == IndexException.Kind.TOO_MUCH) {
        throw new RefusedException(
            ErrorCode.INVALID_ARGUMENT,
            "This index does not take the request: " + e.getMessage() + "; narrow the filter.");
      }
      LOG.errorf("the index does not answer: %s", e.getMessage());
      LOG.debug("the index does not answer", e);
      throw new RefusedException(
          ErrorCode.STORAGE_UNAVAILABLE, "The index cannot be read at the moment.");
    }
  }

  /**
   * Parses a filter.
   *
   * @throws RefusedException INVALID_FILTER
   */
  static Filter filter(String text) {
    try {
      return FilterParser.parse(text);
    } catch (InvalidFilterException e) {
      throw new RefusedException(ErrorCode.INVALID_FILTER, String.valueOf(e.getMessage()));
    }
  }

  /** As much of a caller's text as belongs into a message. */
  static String shortened(String text) {
    return text.length() <= 64 ? text : text.substring(0, 64) + "...";
  }
}
