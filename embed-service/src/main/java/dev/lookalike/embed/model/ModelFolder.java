package dev.lookalike.embed.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.embed.preprocess.ProcessorSettings;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A model as its folder describes it; nothing of it is held against the graph yet.
 *
 * @param graph {@code model.onnx}
 * @param id what the folder states, else the folder's name
 * @param version what the folder states; may be empty
 * @param digest lower-case hex SHA-256 over the graph and its external data, in the order of their
 *     names
 * @param preprocessingVersion 12 hex digits: a hash of the settings and of the code's version
 * @param dynamicallyQuantised whether it must run one image at a time
 * @param stated what {@code lookalike-model.json} says of the graph
 * @param labels names of the classes, by index; empty where there are none
 */
record ModelFolder(
    Path graph,
    String id,
    String version,
    String digest,
    Preprocessor preprocessor,
    String preprocessingVersion,
    boolean dynamicallyQuantised,
    Stated stated,
    List<String> labels) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final Set<String> FIELDS =
      Set.of("id", "version", "input", "output", "logits", "dimension", "labels", "preprocessing");

  /** Longest label, as the contract has it. */
  private static final int MAX_LABEL_BYTES = 256;

  /**
   * @param input name of the graph's input
   * @param output name of the output that is the embedding
   * @param logits name of the output that is the classification head
   * @param dimension length of the embedding
   */
  record Stated(
      Optional<String> input,
      Optional<String> output,
      Optional<String> logits,
      Optional<Integer> dimension) {}

  /**
   * @throws ModelRefusedException with the field, what was expected and what was found
   */
  static ModelFolder read(Path folder) {
    Path graph = folder.resolve("model.onnx");
    if (!Files.isRegularFile(graph)) {
      throw new ModelRefusedException(
          "model.onnx",
          "a file in " + folder,
          Files.isDirectory(folder) ? "none" : "no such folder");
    }
    try {
      JsonNode own = json(folder.resolve("lookalike-model.json"));
      own.fieldNames()
          .forEachRemaining(
              name -> {
                if (!FIELDS.contains(name)) {
                  throw new ModelRefusedException(
                      "lookalike-model.json", "fields of " + new java.util.TreeSet<>(FIELDS), name);
                }
              });
      JsonNode processor =
          own.has("preprocessing")
              ? own.path("preprocessing")
              : json(folder.resolve("preprocessor_config.json"));
      if (processor.isMissingNode()) {
        throw new ModelRefusedException(
            "preprocessor_config.json",
            "this file, or preprocessing in lookalike-model.json",
            "neither");
      }
      ProcessorSettings settings = ProcessorConfigFile.read(processor);
      GraphFile facts = facts(graph);
      return new ModelFolder(
          graph,
          id(own, folder),
          own.path("version").asText(""),
          digest(folder, graph, facts),
          preprocessor(settings),
          preprocessingVersion(settings),
          facts.dynamicallyQuantised(),
          stated(own),
          labels(own, folder));
    } catch (IOException e) {
      throw new ModelRefusedException(
          folder.toString(), "a folder that can be read", String.valueOf(e.getMessage()), e);
    }
  }

  private static Stated stated(JsonNode own) {
    return new Stated(
        text(own, "input"),
        text(own, "output"),
        text(own, "logits"),
        own.has("dimension") ? Optional.of(own.path("dimension").asInt()) : Optional.empty());
  }

  private static Preprocessor preprocessor(ProcessorSettings settings) {
    try {
      return new Preprocessor(settings);
    } catch (IllegalArgumentException e) {
      throw new ModelRefusedException(
          "crop_size", "a fixed size of the input", String.valueOf(e.getMessage()));
    }
  }

  private static GraphFile facts(Path graph) throws IOException {
    try (InputStream in = Files.newInputStream(graph)) {
      return GraphFile.read(in);
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new ModelRefusedException(
          "model.onnx", "an ONNX graph", "bytes that are none: " + e.getMessage(), e);
    }
  }

  private static JsonNode json(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return MissingNode.getInstance();
    }
    try {
      JsonNode node = JSON.readTree(Files.readAllBytes(file));
      if (!node.isObject()) {
        throw new ModelRefusedException(
            String.valueOf(file.getFileName()), "a JSON object", "something else");
      }
      return node;
    } catch (com.fasterxml.jackson.core.JacksonException e) {
      throw new ModelRefusedException(
          String.valueOf(file.getFileName()), "JSON", e.getOriginalMessage(), e);
    }
  }

  private static Optional<String> text(JsonNode node, String field) {
    return Optional.of(node.path(field).asText("")).filter(text -> !text.isEmpty());
  }

  private static String id(JsonNode own, Path folder) {
    Path name = folder.toAbsolutePath().normalize().getFileName();
    String id =
        text(own, "id").orElse(name == null ? "model" : name.toString().toLowerCase(Locale.ROOT));
    if (!ID.matcher(id).matches()) {
      throw new ModelRefusedException("id", ID.pattern(), id);
    }
    return id;
  }

  private static String digest(Path folder, Path graph, GraphFile facts) throws IOException {
    MessageDigest sha256 = sha256();
    update(sha256, graph);
    for (String name : facts.externalFiles()) {
      Path file = folder.resolve(name).normalize();
      if (Path.of(name).isAbsolute() || !file.startsWith(folder.normalize())) {
        throw new ModelRefusedException("external data", "files within the folder", name);
      }
      if (!Files.isRegularFile(file)) {
        throw new ModelRefusedException("external data", name, "no such file");
      }
      update(sha256, file);
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static void update(MessageDigest digest, Path file) throws IOException {
    try (InputStream in =
        new DigestInputStream(
            new BufferedInputStream(Files.newInputStream(file), 1 << 16), digest)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The same for the same settings and code, whatever file they came from. */
  static String preprocessingVersion(ProcessorSettings settings) {
    byte[] text = (Preprocessor.CODE_VERSION + " " + settings).getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().formatHex(sha256().digest(text)).substring(0, 12);
  }

  private static List<String> labels(JsonNode own, Path folder) throws IOException {
    List<String> labels = new ArrayList<>();
    JsonNode idToLabel = json(folder.resolve("config.json")).path("id2label");
    if (own.path("labels").isArray()) {
      own.path("labels").forEach(label -> labels.add(label.asText()));
    } else if (Files.isRegularFile(folder.resolve("labels.txt"))) {
      labels.addAll(Files.readAllLines(folder.resolve("labels.txt")));
    } else if (idToLabel.isObject()) {
      TreeMap<Integer, String> byIndex = new TreeMap<>();
      for (var entry : idToLabel.properties()) {
        try {
          byIndex.put(Integer.parseInt(entry.getKey()), entry.getValue().asText());
        } catch (NumberFormatException e) {
          throw new ModelRefusedException(
              "config.json id2label", "integers as keys", entry.getKey(), e);
        }
      }
      for (var entry : byIndex.entrySet()) {
        if (entry.getKey() != labels.size()) {
          throw new ModelRefusedException(
              "config.json id2label", "key " + labels.size(), String.valueOf(entry.getKey()));
        }
        labels.add(entry.getValue());
      }
    }
    for (String label : labels) {
      int bytes = label.getBytes(StandardCharsets.UTF_8).length;
      if (bytes == 0 || bytes > MAX_LABEL_BYTES) {
        throw new ModelRefusedException("labels", "1 to 256 bytes each", bytes + " bytes");
      }
    }
    return labels;
  }
}
