package dev.lookalike.access;

import java.util.regex.Pattern;

/**
 * A role in one collection or in all.
 *
 * @param collection its name, or {@value #ALL}; the grant also holds for a later collection of the
 *     same name
 */
public record Grant(String collection, Role role) {
  /** Every collection, and requests that concern no particular one. */
  public static final String ALL = "*";

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");

  public Grant {
    if (!collection.equals(ALL) && !NAME.matcher(collection).matches()) {
      throw new IllegalArgumentException(
          "a grant needs a collection name, [a-z0-9][a-z0-9_-]{0,63}, or * for all");
    }
  }

  boolean ofAll() {
    return collection.equals(ALL);
  }
}
