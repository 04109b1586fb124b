package dev.lookalike.embed.model.folder;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.model.graph.GraphChoice;
import dev.lookalike.embed.model.graph.GraphFile;
import dev.lookalike.embed.model.graph.Pooling;
import dev.lookalike.embed.model.graph.StatedTensors;
import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.embed.preprocess.ProcessorSettings;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A model as its folder describes it; nothing of it is held against the graph yet.
 *
 * @param folder it lies in
 * @param graph what the file holds
 * @param external weights beside the graph, by the names that the graph has for their files
 * @param id what the folder states, else the folder's name
 * @param version what the folder states; may be empty
 * @param digest lower-case hex SHA-256 over the graph and its external data, in the order of their
 *     names
 * @param preprocessingVersion 12 hex digits: a hash of the settings and of the code's version
 * @param stated what {@code lookalike-model.json} says of the graph
 * @param labels names of the classes, by index; empty where there are none
 */
public record ModelFolder(
    Path folder,
    GraphFile graph,
    Map<String, MemorySegment> external,
    String id,
    String version,
    String digest,
    Preprocessor preprocessor,
    String preprocessingVersion,
    StatedTensors stated,
    List<String> labels) {
  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final Set<String> FIELDS =
      Set.of(
          "id",
          "version",
          "variant",
          "input",
          "output",
          "pooling",
          "logits",
          "dimension",
          "labels",
          "preprocessing");

  /** Bytes that are read or hashed in one go; a buffer has no more than 2 GiB. */
  private static final long CHUNK = 1L << 24;

  /**
   * Reads a folder, weights included: what is hashed is what runs, whatever becomes of the files.
   *
   * @param given the folder, or a graph in it
   * @param file holds the graph, which is not needed once it is loaded
   * @param weights holds the weights beside it, which are
   * @throws ModelRefusedException with the field, what was expected and what was found
   */
  public static ModelFolder read(Path given, Arena file, Arena weights) {
    GraphChoice choice = GraphChoice.of(given);
    Path folder = choice.folder();
    try {
      JsonNode own = FolderJson.read(folder.resolve("lookalike-model.json"));
      own.fieldNames()
          .forEachRemaining(
              name -> {
                if (!FIELDS.contains(name)) {
                  throw new ModelRefusedException(
                      "lookalike-model.json", "fields of " + new java.util.TreeSet<>(FIELDS), name);
                }
              });
      GraphChoice chosen = choice.resolved(text(own, "variant"));
      JsonNode processor = own.has("preprocessing") ? own.path("preprocessing") : processor(folder);
      if (processor.isMissingNode()) {
        throw new ModelRefusedException(
            "preprocessor_config.json",
            "this file, or preprocessing in lookalike-model.json",
            "neither");
      }
      ProcessorSettings settings = ProcessorConfigFile.read(processor);
      GraphFile graph = graph(chosen.graph(), file);
      Map<String, MemorySegment> external = external(chosen, graph, weights);
      return new ModelFolder(
          folder,
          graph,
          external,
          id(own, chosen),
          own.path("version").asText(""),
          digest(graph, external),
          preprocessor(settings),
          preprocessingVersion(settings),
          stated(own),
          ClassLabels.read(own, folder));
    } catch (IOException e) {
      throw new ModelRefusedException(
          folder.toString(), "a folder that can be read", String.valueOf(e.getMessage()), e);
    }
  }

  private static StatedTensors stated(JsonNode own) {
    return new StatedTensors(
        text(own, "input"),
        text(own, "output"),
        text(own, "pooling").map(Pooling::of),
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

  private static GraphFile graph(Path file, Arena arena) throws IOException {
    String name = String.valueOf(file.getFileName());
    long size = Files.size(file);
    if (size > Integer.MAX_VALUE) {
      throw new ModelRefusedException(
          name, "a graph of at most 2 GiB, with its weights beside it", size + " bytes");
    }
    try {
      return GraphFile.read(content(file, arena));
    } catch (IOException e) {
      throw new ModelRefusedException(
          name, "an ONNX graph", size + " bytes that are none: " + e.getMessage(), e);
    }
  }

  private static MemorySegment content(Path file, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      MemorySegment bytes = arena.allocate(channel.size());
      long at = 0;
      while (at < bytes.byteSize()) {
        int read =
            channel.read(bytes.asSlice(at, Math.min(CHUNK, bytes.byteSize() - at)).asByteBuffer());
        if (read < 0) {
          throw new EOFException(file.getFileName() + " became shorter while it was read");
        }
        at += read;
      }
      return bytes;
    }
  }

  /**
   * The image processor's own file; transformers 5 nests it in that of the whole processor, and a
   * model of timm has it in {@code config.json}.
   */
  private static JsonNode processor(Path folder) throws IOException {
    JsonNode nested =
        FolderJson.read(folder.resolve("processor_config.json")).path("image_processor");
    if (nested.isObject()) {
      return nested;
    }
    JsonNode own = FolderJson.read(folder.resolve("preprocessor_config.json"));
    if (own.isObject()) {
      return own;
    }
    JsonNode config = FolderJson.read(folder.resolve("config.json"));
    return config.path("pretrained_cfg").isObject() ? config : own;
  }

  private static Optional<String> text(JsonNode node, String field) {
    return Optional.of(node.path(field).asText("")).filter(text -> !text.isEmpty());
  }

  private static String id(JsonNode own, GraphChoice chosen) {
    Path name = chosen.folder().toAbsolutePath().normalize().getFileName();
    String base =
        text(own, "id").orElse(name == null ? "model" : name.toString().toLowerCase(Locale.ROOT));
    // Variants of one folder that are asked for by their files are models of their own.
    String id = chosen.variant().filter(v -> !v.isEmpty()).map(v -> base + "-" + v).orElse(base);
    if (!ID.matcher(id).matches()) {
      throw new ModelRefusedException("id", ID.pattern(), id);
    }
    return id;
  }

  private static Map<String, MemorySegment> external(
      GraphChoice chosen, GraphFile graph, Arena arena) throws IOException {
    Map<String, MemorySegment> external = new TreeMap<>();
    Path root = chosen.folder().toAbsolutePath().normalize();
    for (String name : graph.externalFiles()) {
      Path file = chosen.graph().toAbsolutePath().resolveSibling(name).normalize();
      if (Path.of(name).isAbsolute() || !file.startsWith(root)) {
        throw new ModelRefusedException("external data", "files within the folder", name);
      }
      if (!Files.isRegularFile(file)) {
        throw new ModelRefusedException("external data", name, "no such file");
      }
      external.put(name, content(file, arena));
    }
    for (GraphFile.Part part : graph.parts()) {
      if (part instanceof GraphFile.Part.Initializer weights && weights.external().isPresent()) {
        GraphFile.External place = weights.external().get();
        MemorySegment file = external.get(place.file());
        long there = file == null ? 0 : file.byteSize();
        if (place.offset() < 0
            || place.offset() > there
            || place.length() > there - place.offset()) {
          throw new ModelRefusedException(
              "external data " + place.file(),
              "at least %d bytes, for %s"
                  .formatted(place.offset() + Math.max(0, place.length()), weights.name()),
              there + " bytes");
        }
      }
    }
    return external;
  }

  private static String digest(GraphFile graph, Map<String, MemorySegment> external) {
    MessageDigest sha256 = sha256();
    update(sha256, graph.bytes());
    // In the order of the names, as the map has them.
    external.values().forEach(file -> update(sha256, file));
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static void update(MessageDigest digest, MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
      digest.update(bytes.asSlice(at, Math.min(CHUNK, bytes.byteSize() - at)).asByteBuffer());
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
    return preprocessingVersion(Preprocessor.CODE_VERSION + " " + settings);
  }

  public static String preprocessingVersion(String text) {
    byte[] hash = sha256().digest(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(hash).substring(0, 12);
  }
}
