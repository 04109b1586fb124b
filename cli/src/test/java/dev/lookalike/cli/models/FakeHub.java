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
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A hub with one repository, {@code owner/model}, formerly {@code owner/earlier}, and the other
 * host of its large files. Both record requests and tokens. It answers with the headers of
 * huggingface.co.
 */
final class FakeHub implements AutoCloseable {
  /** Requests to the hub and to the other host: method, path, Range, Authorization. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  final List<String> askedElsewhere = new CopyOnWriteArrayList<>();

  /** By path; files of more than 500 bytes are large: redirected, with a stated SHA-256. */
  final Map<String, byte[]> files = new TreeMap<>();

  /** False SHA-256 to state, by path. */
  final Map<String, String> statedSha256 = new HashMap<>();

  final Map<String, Long> statedSizes = new HashMap<>();
  final Map<String, String> statedBlobs = new HashMap<>();
  volatile String commit = "0123456789abcdef0123456789abcdef01234567";

  /** Bytes after which each answer with a large file is cut off; 0: never. */
  volatile int breakAfter;

  /** Number of large answers after which requests fail. */
  volatile int failAfter = Integer.MAX_VALUE;

  /** Status of the listing and, unless 200, of files. */
  volatile int status = 200;

  /** Status of files. */
  volatile int fileStatus = 200;

  /** X-Error-Code and X-Error-Message of answers other than 200. */
  volatile String errorCode = "";

  volatile String errorMessage = "";

  /** Whether the listing has hashes and sizes. */
  volatile boolean listsHashes = true;

  /** Number of next large answers whose signed address has expired. */
  final AtomicInteger expired = new AtomicInteger();

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
    if (path.contains("/owner/earlier/")) {
      // The hub answers with a path only.
      exchange
          .getResponseHeaders()
          .add("Location", exchange.getRequestURI().toString().replace("/earlier/", "/model/"));
      exchange.sendResponseHeaders(307, -1);
      exchange.close();
      return;
    }
    boolean listing = path.startsWith("/api/models/owner/model/revision/");
    if ((listing ? status : fileStatus) != 200 && !errorCode.isEmpty()) {
      exchange.getResponseHeaders().add("X-Error-Code", errorCode);
      exchange.getResponseHeaders().add("X-Error-Message", errorMessage);
    }
    if (listing) {
      byte[] body = Json.line(listing()).getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
      return;
    }
    String prefix = "/owner/model/resolve/" + commit + "/";
    byte[] file = path.startsWith(prefix) ? files.get(path.substring(prefix.length())) : null;
    exchange.getResponseHeaders().add("X-Repo-Commit", commit);
    if (fileStatus != 200) {
      exchange.sendResponseHeaders(fileStatus, -1);
    } else if (file == null) {
      exchange.sendResponseHeaders(404, -1);
    } else if (file.length > 500) {
      String host =
          redirectTo.isEmpty()
              ? "http://127.0.0.1:" + elsewhere.getAddress().getPort()
              : redirectTo;
      exchange
          .getResponseHeaders()
          .add(
              "Location",
              host
                  + "/blobs/"
                  + path.substring(prefix.length())
                  + "?response-content-disposition=inline%3B+filename%3D%22model.onnx%22%3B&Signature=a~b_");
      exchange.getResponseHeaders().add("X-Linked-Size", "" + file.length);
      exchange.getResponseHeaders().add("X-Linked-Etag", "\"" + stated(path, file) + "\"");
      exchange.sendResponseHeaders(302, -1);
    } else {
      exchange.sendResponseHeaders(200, file.length);
      exchange.getResponseBody().write(file);
    }
    exchange.close();
  }

  private String stated(String path, byte[] file) {
    return statedSha256.getOrDefault(path.replaceFirst("^.*/resolve/[^/]*/", ""), sha256(file));
  }

  private ObjectNode listing() {
    ObjectNode listing = Json.object().put("id", "owner/model").put("sha", commit);
    files.forEach(
        (path, bytes) -> {
          ObjectNode sibling = listing.withArray("siblings").addObject().put("rfilename", path);
          if (!listsHashes) {
            return;
          }
          long size = statedSizes.getOrDefault(path, (long) bytes.length);
          sibling.put("size", size).put("blobId", statedBlobs.getOrDefault(path, blob(bytes)));
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
    if (expired.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      exchange.sendResponseHeaders(403, -1);
      exchange.close();
      return;
    }
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
    return hash("SHA-256", new byte[0], bytes);
  }

  /** The id as computed by git hash-object. */
  static String blob(byte[] bytes) {
    return hash(
        "SHA-1", ("blob " + bytes.length + "\0").getBytes(StandardCharsets.US_ASCII), bytes);
  }

  private static String hash(String algorithm, byte[] head, byte[] bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      digest.update(head);
      return HexFormat.of().formatHex(digest.digest(bytes));
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
