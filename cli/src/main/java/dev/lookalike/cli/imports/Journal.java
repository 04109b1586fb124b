package dev.lookalike.cli.imports;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * What an import of one folder into one collection has done, so that the next one can continue: one
 * JSON line for each finished file. The last line about a file counts; an incomplete last line is
 * ignored. Used by one import at a time. Thread-safe.
 */
final class Journal implements AutoCloseable {

  /** The decision about a file. */
  enum Decision {
    /** Accepted; the token gives its outcome. */
    ACKNOWLEDGED,
    /** Refused by the service, with a code. */
    REFUSED,
    /** Identical to another file of the folder. */
    DUPLICATE
  }

  /**
   * One line.
   *
   * @param signature of the attributes and labels sent
   * @param token empty unless acknowledged
   * @param code empty unless refused
   */
  record Entry(
      String name,
      long size,
      long modified,
      String sha256,
      String signature,
      Decision decision,
      String token,
      String code,
      String detail) {

    /** Whether the file and its attributes and labels are unchanged. */
    boolean isOf(FolderFile file, String currentSignature) {
      return size == file.size()
          && modified == file.modified()
          && signature.equals(currentSignature);
    }
  }

  private final FileChannel channel;
  private final Map<String, Entry> entries;

  private Journal(FileChannel channel, Map<String, Entry> entries) {
    this.channel = channel;
    this.entries = entries;
  }

  /**
   * @param directory for all journals
   * @param collectionId id, so that a new collection of the same name starts over
   */
  static Journal open(Path directory, Path folder, String collectionId) {
    Path file =
        directory.resolve(
            sha256(
                        (folder.toAbsolutePath().normalize() + "\n" + collectionId)
                            .getBytes(StandardCharsets.UTF_8))
                    .substring(0, 32)
                + ".jsonl");
    try {
      Files.createDirectories(directory);
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (!lock(channel)) {
        channel.close();
        throw new CommandFailure(
            ExitCode.FAILED, "IMPORT_RUNNING", "another import of " + folder + " is running");
      }
      return new Journal(channel, read(channel));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /** Reads all complete lines, and truncates the file after the last one. */
  private static Map<String, Entry> read(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(channel.size()));
    while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
      continue;
    }
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    String whole = text.substring(0, text.lastIndexOf('\n') + 1);
    int length = whole.getBytes(StandardCharsets.UTF_8).length;
    channel.truncate(length);
    channel.position(length);
    Map<String, Entry> entries = new HashMap<>();
    whole
        .lines()
        .map(Json::parse)
        .map(Journal::entry)
        .forEach(entry -> entries.put(entry.name(), entry));
    return entries;
  }

  private static Entry entry(JsonNode node) {
    return new Entry(
        node.path("file").asText(),
        node.path("size").asLong(),
        node.path("modified").asLong(),
        node.path("sha256").asText(),
        node.path("signature").asText(),
        Decision.valueOf(node.path("decision").asText()),
        node.path("token").asText(),
        node.path("code").asText(),
        node.path("detail").asText());
  }

  synchronized Optional<Entry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /** Appends a line; afterwards it survives the death of this process. */
  synchronized void add(Entry entry) {
    String line =
        Json.line(
                Json.object()
                    .put("file", entry.name())
                    .put("size", entry.size())
                    .put("modified", entry.modified())
                    .put("sha256", entry.sha256())
                    .put("signature", entry.signature())
                    .put("decision", entry.decision().name())
                    .put("token", entry.token())
                    .put("code", entry.code())
                    .put("detail", entry.detail()))
            + "\n";
    try {
      ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    entries.put(entry.name(), entry);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lower-case hex. */
  static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(digest().digest(bytes));
  }

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every JDK has SHA-256.
    }
  }
}
