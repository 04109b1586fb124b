package dev.lookalike.query.search;

/** A request is refused. The message is for the client. */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Code code;

  public RefusedException(Code code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  public Code code() {
    return code;
  }

  /** For the client. */
  public String publicMessage() {
    return String.valueOf(getMessage());
  }
}
