package dev.lookalike.service.error;

import org.jboss.logging.Logger;

/** Says what a caller is told of whatever ends a request. */
public final class Refusals {
  private static final Logger LOG = Logger.getLogger(Refusals.class);

  private Refusals() {}

  /**
   * What the caller is told of {@code e}. What is no refusal is a fault of ours: it is logged, and
   * nothing of it leaves the process.
   */
  public static RefusedException of(Throwable e) {
    if (e instanceof RefusedException refused) {
      return refused;
    }
    LOG.error("a request failed", e);
    return new RefusedException(
        ErrorCode.INTERNAL, "the request failed; the log of the service says why");
  }
}
