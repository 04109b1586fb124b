package dev.lookalike.service.error;

/**
 * A refused request, with the code that its caller gets. Has no stack trace: it is an answer, not a
 * fault.
 */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final String detail;

  /**
   * @param detail one sentence for the caller; reveals no internals
   */
  public RefusedException(ErrorCode code, String detail) {
    super(code + ": " + detail, null, false, false);
    this.code = code;
    this.detail = detail;
  }

  public ErrorCode code() {
    return code;
  }

  public String detail() {
    return detail;
  }
}
