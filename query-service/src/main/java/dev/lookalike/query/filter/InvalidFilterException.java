package dev.lookalike.query.filter;

/** A filter's text cannot be understood. The message names the place and what is supported. */
public final class InvalidFilterException extends Exception {
  private static final long serialVersionUID = 1L;

  InvalidFilterException(String message) {
    super(message);
  }
}
