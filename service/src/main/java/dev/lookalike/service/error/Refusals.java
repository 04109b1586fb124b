package dev.lookalike.service.error;

import org.jboss.logging.Logger;

/** Decides what a caller is told about an exception. */
public final class Refusals {
  private static final Logger LOG = Logger.getLogger(Refusals.class);

  private Refusals() {}

  /**
   * The refusal to send for {@code e}. Anything but a refusal is an internal error: it is logged,
   * and no detail of it leaves the process.
   */
  public static RefusedException of(Throwable e) {
    if (e instanceof RefusedException refused) {
      return refused;
    }
    LOG.error("a request failed", e);
    return new RefusedException(
        ErrorCode.INTERNAL, "the request failed; see the log of the service");
  }
}
