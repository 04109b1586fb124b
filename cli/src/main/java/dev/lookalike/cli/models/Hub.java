package dev.lookalike.cli.models;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * A model hub over HTTPS, with the URL scheme of Hugging Face: {@code
 * {hub}/api/models/{repo}/revision/{revision}?blobs=true} lists the files of a revision with the
 * SHA-256 of the large ones and the git id of the others; {@code
 * {hub}/{repo}/resolve/{commit}/{file}} returns a file or redirects to it: by a relative address if
 * the repository was renamed, by a signed address on another host for large files. What the hub
 * states about a file in headers on the way (X-Linked-Etag, X-Linked-Size, X-Repo-Commit) is
 * checked, too. The token goes only to the hub's own host. Works like huggingface_hub 0.36.
 */
final class Hub {
  /** Largest number of redirects for a file. */
  private static final int MAX_REDIRECTS = 5;

  /** Largest number of consecutive attempts without progress. */
  private static final int MAX_ATTEMPTS = 4;

  private static final int BUFFER = 1 << 16;

  /** A listing has a few hundred bytes per file. */
  private static final int MAX_LISTING_BYTES = 32 << 20;

  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  private final URI address;
  private final Optional<String> token;
  private final HubProxy proxy;
  private final Duration timeout;
  private final Duration pause;

  /**
   * @param address without a trailing slash; https, or http on loopback
   * @param timeout for connecting and for each read
   * @param pause before another attempt
   */
  Hub(URI address, Optional<String> token, HubProxy proxy, Duration timeout, Duration pause) {
    this.address = address;
    this.token = token;
    this.proxy = proxy;
    this.timeout = timeout;
    this.pause = pause;
    requireSecure(address);
  }

  /**
   * A file of a repository.
   *
   * @param size in bytes; -1 if the hub does not state it
   * @param sha256 lower-case hex, if the hub states it
   * @param blob git id of the content, if the hub states it instead of a SHA-256
   */
  record HubFile(String path, long size, Optional<String> sha256, Optional<String> blob) {
    String name() {
      return path.substring(path.lastIndexOf('/') + 1);
    }
  }

  /**
   * @param commit to which the revision refers now; its files never change
   */
  record Listing(String commit, List<HubFile> files) {
    Listing {
      files = List.copyOf(files);
    }

    Optional<HubFile> file(String path) {
      return files.stream().filter(file -> file.path().equals(path)).findFirst();
    }
  }

  /** The files of a revision: a branch, a tag or a commit. */
  Listing list(String repo, String revision) {
    URI uri =
        URI.create(
            "%s/api/models/%s/revision/%s?blobs=true".formatted(address, repo, escaped(revision)));
    for (int attempt = 1; ; attempt++) {
      try {
        return read(repo, text(uri, repo, revision));
      } catch (IOException e) {
        if (attempt == MAX_ATTEMPTS) {
          throw unreachable(uri, e);
        }
        rest();
      }
    }
  }

  private String text(URI uri, String repo, String revision) throws IOException {
    HttpURLConnection answer = open(uri, 0).connection();
    try {
      requireOk(answer, "repository %s, revision %s".formatted(repo, revision));
      try (InputStream in = answer.getInputStream()) {
        return new String(in.readNBytes(MAX_LISTING_BYTES), StandardCharsets.UTF_8);
      }
    } finally {
      answer.disconnect();
    }
  }

  private Listing read(String repo, String text) {
    JsonNode node;
    try {
      node = Json.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(
          ExitCode.FAILED, "HUB_ANSWER", address + " is not a model hub: its answer is not JSON");
    }
    String commit = node.path("sha").asText();
    if (!commit.matches("[0-9a-f]{7,64}")) {
      throw new CommandFailure(
          ExitCode.FAILED, "HUB_ANSWER", address + " does not state the commit of " + repo);
    }
    List<HubFile> files = new ArrayList<>();
    for (JsonNode sibling : node.path("siblings")) {
      JsonNode lfs = sibling.path("lfs");
      String sha256 = lfs.path("sha256").asText(lfs.path("oid").asText());
      files.add(
          new HubFile(
              sibling.path("rfilename").asText(),
              lfs.path("size").asLong(sibling.path("size").asLong(-1)),
              Optional.of(sha256).filter(hex -> hex.matches("[0-9a-f]{64}")),
              // For a large file it is the id of its pointer file.
              Optional.of(sibling.path("blobId").asText(""))
                  .filter(hex -> lfs.isMissingNode() && hex.matches("[0-9a-f]{40}"))));
    }
    return new Listing(commit, files);
  }

  /**
   * Fetches a file, continuing where an earlier attempt ended, and checks it against what the hub
   * stated.
   *
   * @param to the file; named {@code <to>.part} until complete
   * @param progress receives the number of bytes present
   */
  void fetch(String repo, String commit, HubFile file, Path to, LongConsumer progress) {
    Path part = to.resolveSibling(to.getFileName() + ".part");
    String path =
        Arrays.stream(file.path().split("/", -1))
            .map(Hub::escaped)
            .collect(Collectors.joining("/"));
    URI uri = URI.create("%s/%s/resolve/%s/%s".formatted(address, repo, commit, path));
    int attemptsLeft = MAX_ATTEMPTS;
    HubFile stated = file;
    try {
      while (true) {
        long before = Files.exists(part) ? Files.size(part) : 0;
        try {
          if (before == 0 || before != file.size()) {
            stated = transfer(uri, commit, file, part, progress);
          }
          break;
        } catch (IOException e) {
          requireRoom(part, e);
          long now = Files.exists(part) ? Files.size(part) : 0;
          attemptsLeft = now > before ? MAX_ATTEMPTS : attemptsLeft - 1;
          if (attemptsLeft == 0) {
            throw new CommandFailure(
                ExitCode.UNAVAILABLE,
                "HUB_BROKE_OFF",
                "%s was interrupted at %d of %s bytes (%s); run the same command again to continue"
                    .formatted(
                        file.path(), now, file.size() < 0 ? "?" : file.size() + "", reason(e)));
          }
          rest();
        }
      }
      requireContent(stated, part);
      Files.move(part, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      requireRoom(part, e);
      throw new CommandFailure(
          ExitCode.FAILED, "FILE_UNWRITABLE", "cannot write " + to + ": " + reason(e));
    }
  }

  /** Returns the file, completed with what the hub stated on the way. */
  private HubFile transfer(URI uri, String commit, HubFile listed, Path part, LongConsumer progress)
      throws IOException {
    long have = Files.exists(part) ? Files.size(part) : 0;
    if (have > 0 && (listed.size() < 0 || have > listed.size())) {
      Files.delete(part);
      have = 0;
    }
    Opened opened = open(uri, have);
    HttpURLConnection answer = opened.connection();
    try {
      int status = answer.getResponseCode();
      if (status == 403 && !isOwn(URI.create(answer.getURL().toString()))) {
        throw new IOException("the address from the hub is no longer valid");
      }
      if (status == 416) {
        Files.deleteIfExists(part);
        throw new IOException("the hub cannot continue from this position");
      }
      requireOk(answer, listed.path());
      HubFile file = opened.stated(listed, commit);
      String range = answer.getHeaderField("Content-Range");
      boolean goesOn = status == 206 && range != null && range.startsWith("bytes " + have + "-");
      if (status == 206 && !goesOn) {
        throw new IOException("the hub continued from another position: " + range);
      }
      try (InputStream in = answer.getInputStream();
          OutputStream out =
              goesOn
                  ? Files.newOutputStream(part, StandardOpenOption.APPEND)
                  : Files.newOutputStream(part)) {
        long there = goesOn ? have : 0;
        byte[] buffer = new byte[BUFFER];
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          out.write(buffer, 0, read);
          there += read;
          progress.accept(there);
          if (file.size() >= 0 && there > file.size()) {
            throw tooLong(file, part);
          }
        }
      }
      if (file.size() >= 0 && Files.size(part) < file.size()) {
        throw new IOException("the connection ended early");
      }
      return file;
    } finally {
      answer.disconnect();
    }
  }

  private static CommandFailure tooLong(HubFile file, Path part) throws IOException {
    Files.deleteIfExists(part);
    return new CommandFailure(
        ExitCode.FAILED,
        "SHA256_MISMATCH",
        "%s is longer than the %d bytes stated by the hub; it was discarded"
            .formatted(file.path(), file.size()));
  }

  private static void requireContent(HubFile file, Path part) throws IOException {
    if (file.sha256().isPresent()) {
      requireSame(file, part, "SHA-256", Pins.sha256(part), file.sha256().get());
    } else if (file.blob().isPresent()) {
      requireSame(file, part, "git id", Pins.gitBlob(part), file.blob().get());
    }
  }

  private static void requireSame(HubFile file, Path part, String what, String found, String stated)
      throws IOException {
    if (!found.equals(stated)) {
      Files.deleteIfExists(part);
      throw new CommandFailure(
          ExitCode.FAILED,
          "SHA256_MISMATCH",
          "%s has %s %s, but the hub states %s; it was discarded"
              .formatted(file.path(), what, found, stated));
    }
  }

  private static void requireRoom(Path part, IOException e) {
    boolean full = String.valueOf(e.getMessage()).contains("No space left");
    if (full) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "DISK_FULL",
          "the disk is full, writing " + part + "; free some space and run the same command again");
    }
  }

  /** Refuses a file that cannot fit, before the transfer. */
  static void requireRoom(Path directory, long bytes) throws IOException {
    FileStore store = Files.getFileStore(directory);
    if (store.getUsableSpace() < bytes) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "DISK_FULL",
          "%2$s needs %1$d MiB, but only %3$d MiB are free"
              .formatted(bytes >> 20, directory, store.getUsableSpace() >> 20));
    }
  }

  /**
   * An answer, and what the hub itself stated before redirecting.
   *
   * @param etag of the content: SHA-256 of a large file
   * @param commit that the hub resolved
   */
  private record Opened(
      HttpURLConnection connection,
      Optional<String> etag,
      Optional<String> size,
      Optional<String> commit) {

    /** The file as listed, completed with what was stated. */
    HubFile stated(HubFile file, String asked) {
      if (commit.isPresent() && asked.length() == 40 && !commit.get().equals(asked)) {
        throw new CommandFailure(
            ExitCode.FAILED,
            "HUB_ANSWER",
            "the hub returned %s of commit %s instead of %s"
                .formatted(file.path(), commit.get(), asked));
      }
      return new HubFile(
          file.path(),
          file.size() >= 0 ? file.size() : size.map(Long::parseLong).orElse(-1L),
          file.sha256().or(() -> etag.filter(hex -> hex.matches("[0-9a-f]{64}"))),
          file.blob());
    }
  }

  private static Optional<String> header(HttpURLConnection answer, String name) {
    return Optional.ofNullable(answer.getHeaderField(name)).map(String::strip);
  }

  /** Sends a request and follows redirects. */
  private Opened open(URI uri, long from) throws IOException {
    Optional<String> etag = Optional.empty();
    Optional<String> size = Optional.empty();
    Optional<String> commit = Optional.empty();
    URI next = uri;
    for (int redirect = 0; redirect <= MAX_REDIRECTS; redirect++) {
      Proxy through = proxy.of(next);
      HttpURLConnection connection = (HttpURLConnection) next.toURL().openConnection(through);
      connection.setConnectTimeout((int) timeout.toMillis());
      connection.setReadTimeout((int) timeout.toMillis());
      connection.setInstanceFollowRedirects(false);
      connection.setRequestProperty("User-Agent", "lookalike");
      // Byte counts and ranges refer to the stored form.
      connection.setRequestProperty("Accept-Encoding", "identity");
      if (from > 0) {
        connection.setRequestProperty("Range", "bytes=" + from + "-");
      }
      if (token.isPresent() && isOwn(next)) {
        connection.setRequestProperty("Authorization", "Bearer " + token.get());
      }
      int status = connection.getResponseCode();
      if (isOwn(next)) {
        etag =
            header(connection, "X-Linked-Etag").map(text -> text.replace("\"", "")).or(keep(etag));
        size =
            header(connection, "X-Linked-Size")
                .filter(text -> text.matches("\\d{1,18}"))
                .or(keep(size));
        commit = header(connection, "X-Repo-Commit").or(keep(commit));
      }
      if (!REDIRECTS.contains(status)) {
        return new Opened(connection, etag, size, commit);
      }
      String location = connection.getHeaderField("Location");
      connection.disconnect();
      if (location == null) {
        throw new IOException("a redirect without an address");
      }
      try {
        next = next.resolve(location);
      } catch (IllegalArgumentException e) {
        throw new IOException("a redirect to an invalid address: " + location, e);
      }
      requireSecure(next);
    }
    throw new IOException("more than " + MAX_REDIRECTS + " redirects");
  }

  private static Supplier<Optional<String>> keep(Optional<String> earlier) {
    return () -> earlier;
  }

  private boolean isOwn(URI uri) {
    return uri.getScheme().equalsIgnoreCase(address.getScheme())
        && uri.getHost().equalsIgnoreCase(address.getHost())
        && port(uri) == port(address);
  }

  private static int port(URI uri) {
    return uri.getPort() >= 0
        ? uri.getPort()
        : "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
  }

  private static void requireSecure(URI uri) {
    String host = uri.getHost();
    boolean loopback =
        host != null
            && (host.equals("127.0.0.1") || host.equals("localhost") || host.equals("[::1]"));
    if (host == null
        || !("https".equalsIgnoreCase(uri.getScheme())
            || (loopback && "http".equalsIgnoreCase(uri.getScheme())))) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "HUB_INSECURE",
          uri + " is not https: models are only downloaded over an encrypted connection");
    }
  }

  /** Throws if the status means that another attempt would fail, too. */
  private void requireOk(HttpURLConnection answer, String what) throws IOException {
    int status = answer.getResponseCode();
    String words = header(answer, "X-Error-Message").orElse("");
    String says =
        answer.getURL().getHost()
            + " answers "
            + status
            + " for "
            + what
            + (words.isEmpty() ? "" : " (" + printable(words) + ")");
    switch (header(answer, "X-Error-Code").orElse("")) {
      case "GatedRepo" -> throw forbidden(says + ": accept its terms at the hub first");
      case "RepoNotFound" ->
          throw notFound(says + ": no such repository, or it is private" + hint());
      case "RevisionNotFound" -> throw notFound(says + ": no such revision");
      case "EntryNotFound" -> throw notFound(says + ": no such file");
      default -> {}
    }
    switch (status) {
      case 200, 206 -> {}
      case 404 ->
          throw notFound(
              says + ": no such repository, revision or file, or it is private" + hint());
      case 401, 403 ->
          throw forbidden(
              says
                  + (token.isPresent()
                      ? ": the token gives no access; accept the terms of a gated model at the hub"
                      : ": it does not exist, or requires a token in LOOKALIKE_HUB_TOKEN"));
      default -> {
        if (status == 429 || status >= 500) {
          throw new IOException(says);
        }
        throw new CommandFailure(ExitCode.FAILED, "HUB_ANSWER", says);
      }
    }
  }

  private static CommandFailure forbidden(String message) {
    return new CommandFailure(ExitCode.REFUSED, "HUB_FORBIDDEN", message);
  }

  private static CommandFailure notFound(String message) {
    return new CommandFailure(ExitCode.NOT_FOUND, "HUB_NOT_FOUND", message);
  }

  private String hint() {
    return token.isPresent() ? " and the token gives no access" : " (for tokens see --help)";
  }

  /** The hub's message, made safe for one line of a terminal. */
  private static String printable(String words) {
    String line = words.replaceAll("[^\\x20-\\x7e]", "?");
    return line.substring(0, Math.min(200, line.length()));
  }

  private CommandFailure unreachable(URI uri, IOException e) {
    return new CommandFailure(
        ExitCode.UNAVAILABLE,
        "HUB_UNREACHABLE",
        "%s does not answer (%s)%s; choose another hub with --hub or LOOKALIKE_HUB"
            .formatted(address, reason(e), proxy.describe(uri)));
  }

  private static String reason(IOException e) {
    return e.getMessage() == null
        ? e.getClass().getSimpleName()
        : e.getClass().getSimpleName() + ": " + e.getMessage();
  }

  private void rest() {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
    }
  }

  private static String escaped(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
