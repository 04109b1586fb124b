package dev.lookalike.access;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The key file:
 *
 * <pre>{@code
 * {"keys": [{"id": "mfrgg2ltmfxg", "name": "the shop's frontend", "sha256": "9f86d0...",
 *            "grants": [{"collection": "shop", "role": "reader"}],
 *            "created": "2026-01-31T12:00:00Z", "expires": "2027-01-31T12:00:00Z"}]}
 * }</pre>
 *
 * It holds no secrets, but anyone who can write it can grant any access. An unknown field makes it
 * invalid: a misspelt "expires" must not be ignored.
 */
public final class KeyFile {
  private static final int MAX_BYTES = 4 << 20;
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final Set<String> FIELDS =
      Set.of("id", "name", "sha256", "grants", "created", "expires");

  private KeyFile() {}

  /** Why a key file cannot be used, in words for its owner. */
  public static final class UnusableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnusableException(String reason) {
      super(reason);
    }

    /** One sentence. */
    public String reason() {
      return String.valueOf(getMessage());
    }
  }

  /** Exclusive right to change the file, until closed; readers do not wait. */
  public static final class Turn implements AutoCloseable {
    private final FileChannel channel;

    private Turn(FileChannel channel) {
      this.channel = channel;
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Waits until no other process changes the file. Call it before reading the file in order to
   * write it. Creates {@code <file>.lock} beside it, which stays.
   *
   * @throws IOException if the lock file cannot be created
   */
  public static Turn turn(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file.resolveSibling(file.getFileName() + ".lock"),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      channel.lock();
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    return new Turn(channel);
  }

  /**
   * Reads the whole file.
   *
   * @throws UnusableException if it does not exist or is not a key file
   */
  public static List<AccessKey> read(Path file) throws UnusableException {
    return parse(bytes(file));
  }

  static byte[] bytes(Path file) throws UnusableException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new UnusableException("it is larger than 4 MiB");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw new UnusableException("it does not exist");
    } catch (IOException e) {
      throw new UnusableException("it cannot be read: " + e.getMessage());
    }
  }

  static List<AccessKey> parse(byte[] bytes) throws UnusableException {
    JsonNode root;
    try {
      root = JSON.readTree(bytes);
    } catch (JsonProcessingException e) {
      // Does not quote the file: the text may be a secret pasted there.
      throw new UnusableException(
          "it is not JSON at line %d, column %d"
              .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr()));
    } catch (IOException e) {
      throw new UnusableException("it cannot be read: " + e.getMessage());
    }
    requireFields("the file", root, Set.of("keys"));
    List<AccessKey> keys = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (JsonNode node : array("keys", root.path("keys"))) {
      String where = "key " + (keys.size() + 1);
      AccessKey key;
      try {
        key = key(where, node);
      } catch (IllegalArgumentException e) {
        throw new UnusableException(where + ": " + e.getMessage());
      }
      if (!ids.add(key.id())) {
        throw new UnusableException("the id " + key.id() + " appears twice");
      }
      keys.add(key);
    }
    return List.copyOf(keys);
  }

  private static AccessKey key(String where, JsonNode node) throws UnusableException {
    requireFields(where, node, FIELDS);
    List<Grant> grants = new ArrayList<>();
    for (JsonNode grant : array(where + ": grants", node.path("grants"))) {
      requireFields(where + ": a grant", grant, Set.of("collection", "role"));
      Role role =
          Role.of(text(where, grant, "role"))
              .orElseThrow(
                  () -> new UnusableException(where + ": role must be reader, writer or admin"));
      grants.add(new Grant(text(where, grant, "collection"), role));
    }
    return new AccessKey(
        text(where, node, "id"),
        node.has("name") ? text(where, node, "name") : "",
        text(where, node, "sha256"),
        grants,
        time(where, node, "created"),
        node.has("expires") ? Optional.of(time(where, node, "expires")) : Optional.empty());
  }

  private static JsonNode array(String what, JsonNode node) throws UnusableException {
    if (!node.isArray()) {
      throw new UnusableException(what + " is not a list");
    }
    return node;
  }

  private static void requireFields(String what, JsonNode node, Set<String> known)
      throws UnusableException {
    if (!node.isObject()) {
      throw new UnusableException(what + " is not an object");
    }
    for (Iterator<Map.Entry<String, JsonNode>> fields = node.properties().iterator();
        fields.hasNext(); ) {
      if (!known.contains(fields.next().getKey())) {
        throw new UnusableException(what + " has a field that is not one of " + known);
      }
    }
  }

  private static String text(String where, JsonNode node, String field) throws UnusableException {
    if (!node.path(field).isTextual()) {
      throw new UnusableException(where + ": " + field + " is not text");
    }
    return node.path(field).textValue();
  }

  private static Instant time(String where, JsonNode node, String field) throws UnusableException {
    try {
      return Instant.parse(text(where, node, field));
    } catch (DateTimeException e) {
      throw new UnusableException(
          where + ": " + field + " is not a time like 2026-01-31T12:00:00Z");
    }
  }

  /** The text of a key file with these keys. */
  public static String text(List<AccessKey> keys) {
    ObjectNode root = JSON.createObjectNode();
    ArrayNode all = root.putArray("keys");
    for (AccessKey key : keys) {
      ObjectNode node = all.addObject().put("id", key.id());
      if (!key.name().isEmpty()) {
        node.put("name", key.name());
      }
      node.put("sha256", key.sha256());
      ArrayNode grants = node.putArray("grants");
      for (Grant grant : key.grants()) {
        grants.addObject().put("collection", grant.collection()).put("role", grant.role().word());
      }
      node.put("created", key.created().toString());
      key.expires().ifPresent(expires -> node.put("expires", expires.toString()));
    }
    return root.toPrettyString() + "\n";
  }

  /** Replaces the file atomically; only its owner may read and write it. */
  public static void write(Path file, List<AccessKey> keys) throws IOException {
    writePrivately(file, text(keys));
  }

  /** Writes a file atomically that only its owner may read. */
  public static void writePrivately(Path file, String text) throws IOException {
    Path absolute = file.toAbsolutePath();
    Path directory = absolute.getParent();
    if (directory == null) {
      throw new IOException(file + " is not a file");
    }
    Path temporary =
        Files.createTempFile(
            directory,
            "." + absolute.getFileName(),
            ".tmp",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      Files.write(temporary, text.getBytes(StandardCharsets.UTF_8));
      Files.move(
          temporary, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
