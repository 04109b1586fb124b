package dev.lookalike.cli.models;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/**
 * A hub with one repository, {@code owner/model}, and beside it the host that its large files lie
 * on: both count who asks for what, and with which token.
 */
final class FakeHub implements AutoCloseable {
  /** What the hub and the other host were asked: method, path, Range, Authorization. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  final List<String> askedElsewhere = new CopyOnWriteArrayList<>();

  /** By path; those of more than 500 bytes are large: redirected, with a stated SHA-256. */
  final Map<String, byte[]> files = new TreeMap<>();

  /** What is stated instead of the truth, by path. */
  final Map<String, String> statedSha256 = new HashMap<>();

  final Map<String, Long> statedSizes = new HashMap<>();
  volatile String commit = "0123456789abcdef0123456789abcdef01234567";

  /** Bytes after which each answer with a large file breaks off; 0: none does. */
  volatile int breakAfter;

  /** Status of what is asked for after so many large answers; 0: they go on. */
  volatile int failAfter = Integer.MAX_VALUE;

  /** Status of the listing. */
  volatile int status = 200;

  /** Where large files are redirected to, instead of the other host. */
  volatile String redirectTo = "";

  private final HttpServer hub = server(this::answer);
  private final HttpServer elsewhere = server(this::large);

  private interface Handler {
    void handle(HttpExchange exchange) throws IOException;
  }

  private static HttpServer server(Handler handler) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
      server.setExecutor(Executors.newCachedThreadPool());
      server.createContext("/", handler::handle);
      server.start();
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
  }

  private static String line(HttpExchange exchange) {
    return exchange.getRequestURI()
        + " "
        + exchange.getRequestHeaders().getFirst("Range")
        + " "
        + exchange.getRequestHeaders().getFirst("Authorization");
  }

  private void answer(HttpExchange exchange) throws IOException {
    asked.add(line(exchange));
    String path = exchange.getRequestURI().getPath();
    if (path.startsWith("/api/models/owner/model/revision/")) {
      byte[] listing = Json.line(listing()).getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, listing.length);
      exchange.getResponseBody().write(listing);
      exchange.close();
      return;
    }
    String prefix = "/owner/model/resolve/" + commit + "/";
    byte[] file = path.startsWith(prefix) ? files.get(path.substring(prefix.length())) : null;
    if (file == null) {
      exchange.sendResponseHeaders(404, -1);
    } else if (file.length > 500) {
      String host =
          redirectTo.isEmpty()
              ? "http://127.0.0.1:" + elsewhere.getAddress().getPort()
              : redirectTo;
      exchange
          .getResponseHeaders()
          .add("Location", host + "/blobs/" + path.substring(prefix.length()));
      exchange.sendResponseHeaders(302, -1);
    } else {
      exchange.sendResponseHeaders(200, file.length);
      exchange.getResponseBody().write(file);
    }
    exchange.close();
  }

  private ObjectNode listing() {
    ObjectNode listing = Json.object().put("id", "owner/model").put("sha", commit);
    files.forEach(
        (path, bytes) -> {
          ObjectNode sibling = listing.withArray("siblings").addObject().put("rfilename", path);
          long size = statedSizes.getOrDefault(path, (long) bytes.length);
          sibling.put("size", size);
          if (bytes.length > 500) {
            sibling
                .putObject("lfs")
                .put("sha256", statedSha256.getOrDefault(path, sha256(bytes)))
                .put("size", size);
          }
        });
    return listing;
  }

  private void large(HttpExchange exchange) throws IOException {
    askedElsewhere.add(line(exchange));
    byte[] file =
        files.getOrDefault(
            exchange.getRequestURI().getPath().substring("/blobs/".length()), new byte[0]);
    if (askedElsewhere.size() > failAfter) {
      exchange.sendResponseHeaders(503, -1);
      exchange.close();
      return;
    }
    int from = 0;
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (range != null) {
      from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
      exchange
          .getResponseHeaders()
          .add("Content-Range", "bytes %d-%d/%d".formatted(from, file.length - 1, file.length));
    }
    byte[] rest = Arrays.copyOfRange(file, from, file.length);
    exchange.sendResponseHeaders(range == null ? 200 : 206, rest.length);
    OutputStream out = exchange.getResponseBody();
    if (breakAfter > 0 && rest.length > breakAfter) {
      out.write(rest, 0, breakAfter);
      out.flush();
    } else {
      out.write(rest);
    }
    exchange.close();
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    hub.stop(0);
    elsewhere.stop(0);
  }
}
