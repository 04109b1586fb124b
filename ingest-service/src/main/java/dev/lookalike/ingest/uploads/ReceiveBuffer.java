package dev.lookalike.ingest.uploads;

import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpServerOptions;
import jakarta.inject.Singleton;

/**
 * Bounds what a connection may put into memory before anybody has asked for it. Left to itself a
 * connection reads up to 1 MiB ahead (16 reads of 64 KiB), and 64 of them fill a small heap before
 * the first is refused.
 */
@Singleton
public class ReceiveBuffer implements HttpServerOptionsCustomizer {
  private final UploadSettings settings;

  public ReceiveBuffer(UploadSettings settings) {
    this.settings = settings;
  }

  @Override
  public void customizeHttpServer(HttpServerOptions options) {
    options.setReceiveBufferSize(Math.toIntExact(settings.receiveBuffer().asLongValue()));
  }
}
