package dev.lookalike.ingest.metrics;

import dev.lookalike.ingest.metrics.IngestMetrics.Operation;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.function.Supplier;

/** Counts what is done and what is refused, whichever way a request came. */
public final class Operations {
  private final IngestMetrics metrics;

  public Operations(IngestMetrics metrics) {
    this.metrics = metrics;
  }

  /** Runs the work and counts how it ended. */
  public <T> T count(Operation operation, Supplier<T> work) {
    try {
      T result = work.get();
      metrics.done(operation);
      return result;
    } catch (RefusedException e) {
      metrics.refused(operation, e.code());
      throw e;
    } catch (RuntimeException e) {
      metrics.refused(operation, ErrorCode.INTERNAL);
      throw e;
    }
  }
}
