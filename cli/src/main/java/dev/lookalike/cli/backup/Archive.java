package dev.lookalike.cli.backup;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.Settings;
import dev.lookalike.cli.keys.HomeKeys;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * A backup: a ZIP file with the log ({@code kafka/}), the originals ({@code blobs/}), the journals
 * of imports ({@code imports/}), the models of the home ({@code models/}), the model folders given
 * to {@code up} ({@code given-models/0/NAME} and so on), the access keys, and as its last entry
 * {@value #MANIFEST} with the size and SHA-256 of each file. It does not contain the index, which
 * is rebuilt from the log.
 */
final class Archive {

  static final String MANIFEST = "manifest.json";
  private static final List<String> STATE = List.of("kafka", "blobs", "imports", "models");

  /** Hashes only: the next {@code up} makes new keys for the home itself. */
  private static final String KEYS = "access/keys.json";

  /** In Kafka's directory; each start creates its own. */
  private static final String KAFKA_LOCK = "kafka/.lock";

  private Archive() {}

  /** The contents of an archive. */
  record Contents(int files, long bytes) {}

  /** Writes the state of a stopped home. The file appears complete or not at all. */
  static Contents write(Home home, Path file) throws IOException {
    Path absolute = file.toAbsolutePath();
    Path parent = absolute.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new CommandFailure(
          ExitCode.USAGE, "FILE_UNWRITABLE", "there is no directory for " + file);
    }
    Settings settings = Settings.read(home);
    Path temporary = Files.createTempFile(parent, absolute.getFileName().toString(), ".part");
    try {
      Contents contents;
      try (ZipOutputStream zip =
          new ZipOutputStream(
              new BufferedOutputStream(Files.newOutputStream(temporary), 1 << 20))) {
        zip.setLevel(Deflater.BEST_SPEED);
        ObjectNode manifest =
            Json.object()
                .put("state_format", Home.FORMAT)
                .put("created_at", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        ObjectNode entries = manifest.putObject("files");
        for (String part : STATE) {
          addFolder(zip, home.directory().resolve(part), part, entries);
        }
        Path keys = new HomeKeys(home).file();
        if (Files.exists(keys)) {
          addText(zip, KEYS, Files.readString(keys), entries);
        }
        List<Path> models = new ArrayList<>();
        for (Path model : settings.models()) {
          if (!model.isAbsolute()) {
            models.add(model);
            continue;
          }
          String name = "given-models/" + models.size() + "/" + model.getFileName();
          addFolder(zip, model, name, entries);
          models.add(home.directory().resolve(name));
        }
        ObjectNode modelsAndPorts = Json.object();
        models.forEach(
            m ->
                modelsAndPorts
                    .withArray("models")
                    .add((m.isAbsolute() ? home.directory().relativize(m) : m).toString()));
        addText(zip, "settings.json", Json.line(modelsAndPorts) + "\n", entries);
        zip.putNextEntry(new ZipEntry(MANIFEST));
        zip.write(Json.line(manifest).getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
        long bytes = 0;
        for (JsonNode entry : entries) {
          bytes += entry.path("size").asLong();
        }
        contents = new Contents(entries.size(), bytes);
      }
      Files.move(temporary, absolute, StandardCopyOption.REPLACE_EXISTING);
      return contents;
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void addFolder(ZipOutputStream zip, Path folder, String name, ObjectNode entries)
      throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder)) {
      files = walk.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path file : files) {
      StringBuilder entry = new StringBuilder(name);
      folder.relativize(file).forEach(part -> entry.append('/').append(part));
      if (!entry.toString().equals(KAFKA_LOCK)) {
        try (InputStream in = Files.newInputStream(file)) {
          add(zip, entry.toString(), in, entries);
        }
      }
    }
  }

  private static void addText(ZipOutputStream zip, String name, String text, ObjectNode entries)
      throws IOException {
    add(
        zip,
        name,
        new java.io.ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)),
        entries);
  }

  private static void add(ZipOutputStream zip, String name, InputStream in, ObjectNode entries)
      throws IOException {
    MessageDigest digest = sha256();
    zip.putNextEntry(new ZipEntry(name));
    long size = new DigestInputStream(in, digest).transferTo(zip);
    zip.closeEntry();
    entries
        .putObject(name)
        .put("size", size)
        .put("sha256", HexFormat.of().formatHex(digest.digest()));
  }

  /**
   * Unpacks into an empty home; checks everything against the manifest before marking it as a home.
   */
  static Contents read(Path file, Home home) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      JsonNode manifest = manifest(zip, file);
      Set<String> written = new HashSet<>();
      long bytes = 0;
      for (ZipEntry entry : zip.stream().filter(e -> !e.getName().equals(MANIFEST)).toList()) {
        JsonNode expected = manifest.path("files").path(entry.getName());
        Path to = home.directory().resolve(entry.getName()).normalize();
        if (!to.startsWith(home.directory()) || expected.isMissingNode()) {
          throw damaged(file, entry.getName() + " is not in its manifest");
        }
        Files.createDirectories(parent(to));
        MessageDigest digest = sha256();
        long size;
        try (InputStream in = zip.getInputStream(entry);
            OutputStream out = new DigestOutputStream(Files.newOutputStream(to), digest)) {
          size = in.transferTo(out);
        }
        if (size != expected.path("size").asLong()
            || !HexFormat.of()
                .formatHex(digest.digest())
                .equals(expected.path("sha256").asText())) {
          throw damaged(file, entry.getName() + " does not match its manifest");
        }
        written.add(entry.getName());
        bytes += size;
      }
      if (written.size() != manifest.path("files").size()) {
        throw damaged(file, "files listed in its manifest are missing");
      }
      return new Contents(written.size(), bytes);
    } catch (ZipException e) {
      throw damaged(file, String.valueOf(e.getMessage()));
    }
  }

  private static Path parent(Path file) {
    Path parent = file.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("no parent: " + file);
    }
    return parent;
  }

  private static JsonNode manifest(ZipFile zip, Path file) throws IOException {
    ZipEntry entry = zip.getEntry(MANIFEST);
    if (entry == null) {
      throw damaged(file, "it has no manifest");
    }
    try (InputStream in = zip.getInputStream(entry)) {
      JsonNode manifest = Json.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      int format = manifest.path("state_format").asInt();
      if (format != Home.FORMAT) {
        throw new CommandFailure(
            ExitCode.USAGE,
            "HOME_FORMAT",
            "%s holds state of format %d, but this release needs format %d"
                .formatted(file, format, Home.FORMAT));
      }
      return manifest;
    } catch (IllegalArgumentException e) {
      throw damaged(file, "its manifest cannot be read");
    }
  }

  private static CommandFailure damaged(Path file, String what) {
    return new CommandFailure(
        ExitCode.FAILED, "BACKUP_DAMAGED", file + " is not a complete backup: " + what);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every JDK has SHA-256.
    }
  }
}
