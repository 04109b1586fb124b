package dev.lookalike.cli.models;

import dev.lookalike.cli.models.Hub.HubFile;
import dev.lookalike.cli.models.Hub.Listing;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The files of a repository that make up a model folder.
 *
 * @param graph the ONNX graph, named model.onnx in the folder
 * @param files by name in the folder, including the graph and its external data
 */
record HubModel(HubFile graph, Map<String, HubFile> files) {
  private static final String GRAPH = "model.onnx";

  /** Small files that embed-service reads, and licences. */
  private static final Set<String> BESIDE =
      Set.of(
          "config.json",
          "preprocessor_config.json",
          "processor_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "lookalike-model.json",
          "labels.txt",
          "LICENSE",
          "LICENSE.txt",
          "LICENSE.md");

  /** The files that describe the preprocessing of images. */
  private static final Set<String> PREPARES =
      Set.of("preprocessor_config.json", "processor_config.json", "lookalike-model.json");

  /**
   * Chooses the files of a model.
   *
   * @param variant such as "fp16" for model_fp16.onnx; empty: model.onnx
   * @param path the graph's own path, instead of a variant
   * @throws CommandFailure NO_ONNX_IN_REPO, NO_SUCH_VARIANT, NO_PREPROCESSING
   */
  static HubModel choose(
      String repo, Listing listing, Optional<String> variant, Optional<String> path) {
    List<String> graphs =
        listing.files().stream().map(HubFile::path).filter(p -> p.endsWith(".onnx")).toList();
    if (graphs.isEmpty()) {
      throw new CommandFailure(
          ExitCode.REFUSED,
          "NO_ONNX_IN_REPO",
          ("%s has no ONNX graph; export one with: optimum-cli export onnx --model %s %s"
                  + ", then: lookalike model add %s")
              .formatted(repo, repo, lastPart(repo), lastPart(repo)));
    }
    String name = variant.map(v -> "model_" + v + ".onnx").orElse(GRAPH);
    HubFile graph =
        path.flatMap(listing::file)
            .or(
                () ->
                    path.isPresent()
                        ? Optional.empty()
                        : listing.file(name).or(() -> listing.file("onnx/" + name)))
            .orElseThrow(
                () ->
                    new CommandFailure(
                        ExitCode.REFUSED,
                        "NO_SUCH_VARIANT",
                        "%s has no %s; choose with --variant or --file: %s"
                            .formatted(repo, path.orElse(name), String.join(", ", graphs))));
    Map<String, HubFile> files = new LinkedHashMap<>();
    for (HubFile file : listing.files()) {
      if (BESIDE.contains(file.path())) {
        files.put(file.name(), file);
      }
      // The graph refers to its data by this name.
      boolean data =
          file.path().startsWith(graph.path() + "_data")
              || file.path().equals(graph.path() + ".data");
      if (data && file.name().matches("[A-Za-z0-9._-]+")) {
        files.put(file.name(), file);
      }
    }
    if (PREPARES.stream().noneMatch(files::containsKey)
        && !files.containsKey(ModelFolders.CONFIG)) {
      throw unprepared(repo);
    }
    files.put(GRAPH, graph);
    return new HubModel(graph, files);
  }

  /** Whether only {@code config.json} can describe the preprocessing, as in models of timm. */
  boolean wantsTimm() {
    return PREPARES.stream().noneMatch(files::containsKey);
  }

  static CommandFailure unprepared(String repo) {
    return new CommandFailure(
        ExitCode.REFUSED,
        "NO_PREPROCESSING",
        ("%s has no preprocessor_config.json (nor timm's pretrained_cfg in config.json), which"
                + " describes the preprocessing of images: either it is not an image model, or you"
                + " must add the file to your own folder")
            .formatted(repo));
  }

  static String lastPart(String repo) {
    return repo.substring(repo.lastIndexOf('/') + 1);
  }

  /** Total bytes, as far as stated. */
  long size() {
    return files.values().stream().mapToLong(file -> Math.max(0, file.size())).sum();
  }

  /** In fetching order: first the files that may rule the model out, then the small ones. */
  List<Map.Entry<String, HubFile>> inOrder() {
    List<Map.Entry<String, HubFile>> all = new ArrayList<>(files.entrySet());
    all.sort(
        Comparator.<Map.Entry<String, HubFile>>comparingInt(
                entry -> entry.getKey().equals(ModelFolders.CONFIG) ? 0 : 1)
            .thenComparingLong(entry -> entry.getValue().size()));
    return all;
  }
}
