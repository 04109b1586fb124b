package dev.lookalike.embed.model;

/** A model that cannot be served: which field is wrong, what it would have to be, what it is. */
public final class ModelRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ModelRefusedException(String field, String expected, String found) {
    super("%s: expected %s, found %s".formatted(field, expected, found));
  }

  public ModelRefusedException(String field, String expected, String found, Throwable cause) {
    super("%s: expected %s, found %s".formatted(field, expected, found), cause);
  }
}
