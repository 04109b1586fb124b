package dev.lookalike.query.index;

/** The index cannot do what it was asked for. */
public final class IndexException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What is to be done about it. */
  public enum Kind {
    /** May work later: no space, no access, closed, in use by another process. */
    UNAVAILABLE,
    /** Would have to read more of the index than one request may; narrow the filter. */
    TOO_MUCH,
    /** The data cannot be trusted; it must be rebuilt from the log. */
    CORRUPT
  }

  private final Kind kind;

  public IndexException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public IndexException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
