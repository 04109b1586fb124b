package dev.lookalike.imaging;

/** Carries a refusal out of the depths of a parser; it never leaves this package. */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final RefusalReason reason;

  RefusedException(RefusalReason reason, String detail) {
    super(detail, null, false, false);
    this.reason = reason;
  }

  RefusalReason reason() {
    return reason;
  }

  String detail() {
    return String.valueOf(getMessage());
  }
}
