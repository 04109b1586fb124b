package dev.lookalike.embed.model.graph;

import dev.lookalike.embed.model.ModelRefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Which graph of a folder is served. Exports lie in the folder itself (optimum) or in {@code onnx/}
 * within it (the Hub), as {@code model.onnx} and, for other number formats, {@code
 * model_fp16.onnx}, {@code model_int8.onnx}, {@code model_quantized.onnx} and the like; a CLIP that
 * was exported in two parts has {@code vision_model.onnx}.
 *
 * @param folder of the model
 * @param graph the file
 * @param variant of the graph, where the path that was given asks for one by itself
 */
public record GraphChoice(Path folder, Path graph, Optional<String> variant) {
  private static final List<String> NAMES = List.of("model", "vision_model");
  private static final String SUFFIX = ".onnx";

  /**
   * @param given a folder, or a graph within one
   */
  public static GraphChoice of(Path given) {
    String file = name(given);
    if (!file.endsWith(SUFFIX) || Files.isDirectory(given)) {
      return new GraphChoice(given, given, Optional.empty());
    }
    Path parent = given.toAbsolutePath().normalize().getParent();
    if (parent == null) {
      throw new ModelRefusedException("model", "a folder, or a graph in one", given.toString());
    }
    Path above = parent.getParent();
    Path folder = name(parent).equals("onnx") && above != null ? above : parent;
    return new GraphChoice(folder, given, Optional.of(word(file)));
  }

  private static String name(Path path) {
    Path name = path.getFileName();
    return name == null ? "" : name.toString();
  }

  /** "model_fp16.onnx" is "fp16", "model.onnx" is the empty string. */
  private static String word(String file) {
    String stem = file.substring(0, file.length() - SUFFIX.length());
    for (String name : NAMES) {
      if (stem.equals(name)) {
        return "";
      }
      if (stem.startsWith(name + "_")) {
        return stem.substring(name.length() + 1);
      }
    }
    return stem;
  }

  /**
   * The same with its file.
   *
   * @param stated what {@code lookalike-model.json} says: the word behind {@code model_}, or a path
   *     within the folder
   */
  public GraphChoice resolved(Optional<String> stated) throws IOException {
    if (variant.isPresent()) {
      if (!Files.isRegularFile(graph)) {
        throw new ModelRefusedException(name(graph), "a file", "none");
      }
      return this;
    }
    if (stated.isPresent()) {
      return new GraphChoice(folder, asked(stated.get()), Optional.empty());
    }
    Optional<Path> plain = candidates("").stream().filter(Files::isRegularFile).findFirst();
    return new GraphChoice(folder, plain.isPresent() ? plain.get() : only(), Optional.empty());
  }

  private Path asked(String stated) throws IOException {
    Path within = folder.resolve(stated).normalize();
    List<Path> places =
        stated.endsWith(SUFFIX)
            ? List.of(within)
            : candidates(stated.isEmpty() ? "" : "_" + stated);
    if (!within.startsWith(folder.normalize())) {
      throw new ModelRefusedException("variant", "a graph within the folder", stated);
    }
    return places.stream()
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseThrow(
            () -> new ModelRefusedException("variant", stated, "graphs: " + graphsOrNone()));
  }

  private List<Path> candidates(String ending) {
    return NAMES.stream()
        .flatMap(
            name ->
                Stream.of(
                    folder.resolve(name + ending + SUFFIX),
                    folder.resolve("onnx").resolve(name + ending + SUFFIX)))
        .toList();
  }

  private Path only() throws IOException {
    List<Path> graphs = graphs();
    if (graphs.isEmpty()) {
      throw new ModelRefusedException(
          "model.onnx",
          "a file in " + folder + ", or in onnx in it",
          Files.isDirectory(folder) ? "none" : "no such folder");
    }
    if (graphs.size() > 1) {
      throw new ModelRefusedException(
          "variant", "one of " + graphsOrNone() + " in lookalike-model.json", "none");
    }
    return graphs.getFirst();
  }

  private String graphsOrNone() {
    try {
      List<Path> graphs = graphs();
      return graphs.isEmpty()
          ? "none"
          : String.join(
              ", ", graphs.stream().map(each -> folder.relativize(each).toString()).toList());
    } catch (IOException e) {
      return "none that can be read";
    }
  }

  private List<Path> graphs() throws IOException {
    List<Path> graphs = new java.util.ArrayList<>();
    for (Path place : List.of(folder, folder.resolve("onnx"))) {
      if (Files.isDirectory(place)) {
        try (Stream<Path> files = Files.list(place)) {
          files
              .filter(file -> name(file).endsWith(SUFFIX) && Files.isRegularFile(file))
              .sorted()
              .forEach(graphs::add);
        }
      }
    }
    return graphs;
  }
}
