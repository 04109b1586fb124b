package dev.lookalike.ingest.metrics;

import dev.lookalike.service.error.ErrorCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Every metric of this service. Labels come from enums only.
 *
 * <ul>
 *   <li>{@code lookalike_ingest_requests_total{operation, outcome, code}}: operations done and
 *       refused; code is empty where done
 *   <li>{@code lookalike_ingest_upload_bytes}: sizes of accepted uploads
 *   <li>{@code lookalike_ingest_decode_seconds}: untrusted bytes to canonical image
 *   <li>{@code lookalike_ingest_decode_queue_seconds}: wait for a decoder
 *   <li>{@code lookalike_ingest_produce_seconds}: record handed over until the broker acknowledged
 *   <li>{@code lookalike_ingest_in_flight_requests}, {@code lookalike_ingest_in_flight_bytes}:
 *       uploads admitted and not yet answered
 *   <li>{@code lookalike_ingest_decode_queue_depth}: uploads that wait for a decoder
 *   <li>{@code lookalike_ingest_blobs_swept_total}: originals removed as orphans
 * </ul>
 */
public final class IngestMetrics {
  /** What a request asks for. */
  public enum Operation {
    PUT,
    PATCH,
    PATCH_BY_FILTER,
    DELETE,
    DELETE_BY_FILTER,
    RETRY,
    CONTENT,
    CREATE_COLLECTION,
    RENAME_COLLECTION,
    DELETE_COLLECTION,
    TEACH,
    UNTEACH
  }

  private final MeterRegistry registry;
  private final Map<Operation, Counter> done = new EnumMap<>(Operation.class);
  private final DistributionSummary bytes;
  private final Timer decode;
  private final Timer decodeQueue;
  private final Timer produce;
  private final Counter swept;

  public IngestMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (Operation operation : Operation.values()) {
      done.put(operation, requests(operation, "done", ""));
    }
    this.bytes =
        DistributionSummary.builder("lookalike.ingest.upload.bytes")
            .serviceLevelObjectives(10_000, 100_000, 1_000_000, 10_000_000, 33_554_432)
            .register(registry);
    this.decode = timer("lookalike.ingest.decode");
    this.decodeQueue = timer("lookalike.ingest.decode.queue");
    this.produce = timer("lookalike.ingest.produce");
    this.swept = registry.counter("lookalike.ingest.blobs.swept");
  }

  private Timer timer(String name) {
    return Timer.builder(name)
        .serviceLevelObjectives(
            Duration.ofMillis(1),
            Duration.ofMillis(5),
            Duration.ofMillis(10),
            Duration.ofMillis(25),
            Duration.ofMillis(50),
            Duration.ofMillis(100),
            Duration.ofMillis(250),
            Duration.ofSeconds(1),
            Duration.ofSeconds(5))
        .register(registry);
  }

  private Counter requests(Operation operation, String outcome, String code) {
    return registry.counter(
        "lookalike.ingest.requests",
        "operation",
        operation.name(),
        "outcome",
        outcome,
        "code",
        code);
  }

  public void done(Operation operation) {
    Optional.ofNullable(done.get(operation)).ifPresent(Counter::increment);
  }

  public void refused(Operation operation, ErrorCode code) {
    requests(operation, "refused", code.name()).increment();
  }

  public void uploaded(long size) {
    bytes.record(size);
  }

  public void decoded(Duration took, Duration waited) {
    decode.record(took);
    decodeQueue.record(waited);
  }

  public void produced(Duration took) {
    produce.record(took);
  }

  public void swept() {
    swept.increment();
  }

  /** Publishes how much is admitted; once. */
  public void inFlight(IntSupplier requests, LongSupplier admittedBytes) {
    Gauge.builder("lookalike.ingest.in.flight.requests", requests::getAsInt).register(registry);
    Gauge.builder("lookalike.ingest.in.flight.bytes", admittedBytes::getAsLong).register(registry);
  }

  /** Publishes how many uploads wait for a decoder; once. */
  public void decodeQueue(IntSupplier depth) {
    Gauge.builder("lookalike.ingest.decode.queue.depth", depth::getAsInt).register(registry);
  }
}
