package dev.lookalike.service.error;

/**
 * A request that is not done, with the code that its caller gets. Carries no stack trace: it is an
 * answer and not a fault.
 */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final String detail;

  /**
   * @param detail one sentence for the caller; tells nothing of the inside
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
