package dev.lookalike.ingest.rpc;

import dev.lookalike.ingest.uploads.Admission;
import dev.lookalike.ingest.uploads.UploadSettings;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.quarkus.grpc.api.ServerBuilderCustomizer;
import io.quarkus.grpc.runtime.config.GrpcServerConfiguration;
import io.vertx.core.Vertx;
import io.vertx.grpc.VertxServerBuilder;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Watches what arrives over gRPC, and bounds what a connection may have under way. */
@Singleton
public class Arrivals implements ServerBuilderCustomizer<VertxServerBuilder> {
  /**
   * Bytes that a sender may be ahead of what is read, for each call that waits and for each
   * connection. Of a few milliseconds' distance it still fills a gigabit.
   */
  private static final int WINDOW = 256 << 10;

  /** Calls of one connection at once; a client with more to do opens the next when one ends. */
  private static final int CALLS_PER_CONNECTION = 100;

  private static final long IDLE_CONNECTION_MINUTES = 10;
  private static final long LOOK_EVERY_MILLIS = 250;

  private final Admission admission;
  private final Vertx vertx;
  private final Set<Arrival> open = ConcurrentHashMap.newKeySet();
  private final long watch;

  public Arrivals(Admission admission, UploadSettings settings, Vertx vertx) {
    this.admission = admission;
    this.vertx = vertx;
    long mayPause = settings.stallTimeout().toNanos();
    long mayTake = settings.readTimeout().toNanos();
    this.watch =
        vertx.setPeriodic(
            LOOK_EVERY_MILLIS,
            timer -> {
              long now = System.nanoTime();
              open.forEach(arrival -> arrival.check(now, mayPause, mayTake));
            });
  }

  @Override
  public void customize(GrpcServerConfiguration configuration, VertxServerBuilder builder) {
    builder
        .nettyBuilder()
        .flowControlWindow(WINDOW)
        .maxConcurrentCallsPerConnection(CALLS_PER_CONNECTION)
        .maxConnectionIdle(IDLE_CONNECTION_MINUTES, TimeUnit.MINUTES);
    builder.addStreamTracerFactory(
        new ServerStreamTracer.Factory() {
          @Override
          public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
            return watched();
          }
        });
  }

  private Arrival watched() {
    Arrival arrival =
        new Arrival(admission, refusal -> vertx.runOnContext(later -> refusal.run())) {
          @Override
          public void streamClosed(Status status) {
            open.remove(this);
            super.streamClosed(status);
          }
        };
    open.add(arrival);
    return arrival;
  }

  @PreDestroy
  void close() {
    vertx.cancelTimer(watch);
  }
}
