package dev.lookalike.service.admission;

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
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;

/**
 * Keeps unread bodies out of memory. After a request is answered, the server keeps reading and
 * hands the rest of the body to the stream that the resource abandoned, which keeps it all: 63
 * refused uploads of 30 MB filled the heap in a second. This class drops the rest. If the rest is
 * long, it closes the connection instead: the answer says so, and the sender has a moment to read
 * it.
 */
@Singleton
public class UnreadBodies {
  /** Before anything that may answer. */
  public static final int FIRST = 10_000;

  /** A rest up to this size is read to its end, so that the sender can reuse the connection. */
  private static final long SHORT_REST = 1 << 20;

  /** How long a sender has to read an answer that it did not wait for. */
  private static final Duration LINGER = Duration.ofSeconds(1);

  void register(@Observes Filters filters) {
    filters.register(UnreadBodies::watch, FIRST);
  }

  private static void watch(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    if (request.getHeader(HttpHeaders.CONTENT_LENGTH) != null
        || request.getHeader(HttpHeaders.TRANSFER_ENCODING) != null) {
      routing.addHeadersEndHandler(answered -> leave(routing));
    }
    routing.next();
  }

  private static void leave(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    long rest = rest(request);
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
            flushed.addListener(UnreadBodies::endOutput);
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

  /** Bytes of the body not read yet; {@link Long#MAX_VALUE} if the length is not declared. */
  private static long rest(HttpServerRequest request) {
    if (request.isEnded()) {
      return 0;
    }
    String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    try {
      return length == null ? Long.MAX_VALUE : Long.parseLong(length) - request.bytesRead();
    } catch (NumberFormatException e) {
      return Long.MAX_VALUE;
    }
  }

  /** Drops a short rest, then makes the sender wait. Called by the connection's event loop. */
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
