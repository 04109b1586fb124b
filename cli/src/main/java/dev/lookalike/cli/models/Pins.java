package dev.lookalike.cli.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The origin and hashes of a pulled model: {@code lookalike-pull.json} in its folder.
 *
 * @param revision as requested
 * @param commit to which the revision referred then
 * @param graph path of the graph in the repository
 */
record Pins(
    String hub, String repo, String revision, String commit, String graph, List<Pin> files) {
  static final String FILE = "lookalike-pull.json";

  /**
   * A file of the folder.
   *
   * @param path in the repository
   * @param sha256 of the written bytes, lower-case hex
   */
  record Pin(String name, String path, long size, String sha256) {}

  Pins {
    files = List.copyOf(files);
  }

  /** The pins of a folder; empty if it was not pulled. */
  static Optional<Pins> read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    JsonNode node;
    try {
      node = Json.parse(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCode.FAILED, "MODEL_DAMAGED", file + " cannot be read");
    }
    List<Pin> files = new ArrayList<>();
    for (JsonNode each : node.path("files")) {
      files.add(
          new Pin(
              each.path("name").asText(),
              each.path("path").asText(),
              each.path("size").asLong(),
              each.path("sha256").asText()));
    }
    return Optional.of(
        new Pins(
            node.path("hub").asText(),
            node.path("repo").asText(),
            node.path("revision").asText(),
            node.path("commit").asText(),
            node.path("graph").asText(),
            files));
  }

  void write(Path folder) throws IOException {
    ObjectNode node =
        Json.object()
            .put("hub", hub)
            .put("repo", repo)
            .put("revision", revision)
            .put("commit", commit)
            .put("graph", graph);
    for (Pin pin : files) {
      node.withArray("files")
          .addObject()
          .put("name", pin.name())
          .put("path", pin.path())
          .put("size", pin.size())
          .put("sha256", pin.sha256());
    }
    Files.writeString(folder.resolve(FILE), node.toPrettyString() + "\n");
  }

  /**
   * Reads every file and checks it against its pin.
   *
   * @throws CommandFailure SHA256_MISMATCH
   */
  void verify(Path folder) throws IOException {
    for (Pin pin : files) {
      Path file = folder.resolve(pin.name());
      String found = Files.isRegularFile(file) ? sha256(file) : "none (it is gone)";
      if (!found.equals(pin.sha256())) {
        throw new CommandFailure(
            ExitCode.FAILED,
            "SHA256_MISMATCH",
            "%s was pulled with SHA-256 %s but now has %s; delete %s to pull it again"
                .formatted(file, pin.sha256(), found, folder));
      }
    }
  }

  /** Lower-case hex. */
  static String sha256(Path file) throws IOException {
    return hashed(digest("SHA-256"), file);
  }

  /** The git id of a file's content: lower-case hex of SHA-1. */
  static String gitBlob(Path file) throws IOException {
    MessageDigest digest = digest("SHA-1");
    digest.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
    return hashed(digest, file);
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every JDK has these algorithms.
    }
  }

  private static String hashed(MessageDigest digest, Path file) throws IOException {
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
