package dev.lookalike.access;

import java.util.Locale;
import java.util.Optional;

/** What a key may do. Each role includes the roles before it. */
public enum Role {
  /** Search, get, list, count, status, content. */
  READER,
  /** Put, patch, delete, retry images. */
  WRITER,
  /** Create, rename and delete collections; models and indexes. */
  ADMIN;

  /** Whether this role includes {@code needed}. */
  public boolean covers(Role needed) {
    return compareTo(needed) >= 0;
  }

  /** The word used in files and options. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Inverse of {@link #word}. */
  public static Optional<Role> of(String word) {
    for (Role role : values()) {
      if (role.word().equals(word)) {
        return Optional.of(role);
      }
    }
    return Optional.empty();
  }
}
