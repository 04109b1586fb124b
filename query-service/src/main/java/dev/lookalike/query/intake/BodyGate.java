package dev.lookalike.query.intake;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * Lets the body of an HTTP request in only where there is room for it, whatever its media type, and
 * drops what nobody will read. Once a request is answered the server reads on and keeps the rest of
 * its body for a reader that will not come; here the rest is dropped, and where it is long the
 * connection is closed: the answer says so, and the sender has a moment to read it.
 */
final class BodyGate {
  /** Before whatever may answer. */
  private static final int FIRST = 10_000;

  /** What comes with everything; needs no room. */
  private static final long SMALL = 64 << 10;

  /** As much is read to its end, so that the sender may go on with the connection. */
  private static final long SHORT_REST = 1 << 20;

  /** How long a sender may take to see an answer that it did not wait for. */
  private static final Duration LINGER = Duration.ofSeconds(1);

  private final Intake intake;
  private final long largest;
  private final Duration readTimeout;

  /**
   * @param largest bytes of a body; one that does not say its length counts as such
   */
  BodyGate(Intake intake, long largest, Duration readTimeout) {
    this.intake = intake;
    this.largest = largest;
    this.readTimeout = readTimeout;
  }

  void register(Filters filters) {
    filters.register(this::admit, FIRST);
  }

  private void admit(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    if (request.getHeader(HttpHeaders.CONTENT_LENGTH) == null
        && request.getHeader(HttpHeaders.TRANSFER_ENCODING) == null) {
      routing.next();
      return;
    }
    routing.addHeadersEndHandler(answered -> leave(routing));
    long length = Math.min(length(request), largest);
    if (length > SMALL) {
      Intake.Place place = intake.place();
      if (!place.cover(length)) {
        IntakeRefusal.full(routing.response());
        return;
      }
      routing.addEndHandler(ended -> place.close());
    }
    long late =
        routing
            .vertx()
            .setTimer(
                readTimeout.toMillis(),
                timer -> {
                  if (!request.isEnded() && !routing.response().ended()) {
                    request.connection().close();
                  }
                });
    routing.addEndHandler(ended -> routing.vertx().cancelTimer(late));
    routing.next();
  }

  private static void leave(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    if (request.isEnded()) {
      return;
    }
    long length = length(request);
    long rest = length == Long.MAX_VALUE ? length : length - request.bytesRead();
    if (rest == 0) {
      return;
    }
    request.handler(new Dropping(request));
    if (rest > SHORT_REST || request.getHeader(HttpHeaders.EXPECT) != null) {
      routing.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
      Channel channel = ((ConnectionBase) request.connection()).channel();
      routing.addEndHandler(
          ended -> {
            ChannelFuture flushed = channel.writeAndFlush(Unpooled.EMPTY_BUFFER);
            flushed.addListener(BodyGate::endOutput);
            routing.vertx().setTimer(LINGER.toMillis(), late -> request.connection().close());
          });
    }
    request.resume();
  }

  private static void endOutput(Future<? super Void> flushed) {
    if (flushed.isSuccess() && ((ChannelFuture) flushed).channel() instanceof DuplexChannel both) {
      ChannelFuture unused = both.shutdownOutput();
    }
  }

  /** Bytes that the body has, or may have where that is not said. */
  private static long length(HttpServerRequest request) {
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    try {
      return length == null ? Long.MAX_VALUE : Long.parseLong(length);
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }

  /** Drops a short rest, then lets the sender wait. Called by the connection's event loop. */
  private static final class Dropping implements io.vertx.core.Handler<Buffer> {
    private final HttpServerRequest request;
    private long dropped;

    Dropping(HttpServerRequest request) {
      this.request = request;
    }

    @Override
    public void handle(Buffer bytes) {
      dropped += bytes.length();
      if (dropped > SHORT_REST) {
        request.pause();
      }
    }
  }
}
