package dev.lookalike.cli.models;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The models in the home: one folder each, which embed-service picks up. A folder appears complete
 * or not at all; while it is being made, its name begins with a dot.
 *
 * @param directory {@code models} of the home
 */
public record ModelFolders(Path directory) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

  /** The files that may describe the preprocessing of images. */
  private static final List<String> PREPROCESSING =
      List.of("preprocessor_config.json", "processor_config.json");

  static final String CONFIG = "config.json";

  /** Weights for other runtimes, which are not used here. */
  private static final Pattern FOREIGN =
      Pattern.compile(".*\\.(safetensors|msgpack|h5|pt|pth|ot)|(pytorch|tf)_model.*\\.bin");

  static ModelFolders of(Home home) {
    return new ModelFolders(home.models());
  }

  /** A name that is valid for a folder and a model id. */
  static String checked(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new CommandFailure(
          ExitCode.USAGE, "USAGE", "a model's name must match " + NAME.pattern() + "; give --name");
    }
    return name;
  }

  /** A valid name from any text: lower case, with hyphens for other characters. */
  static String suggested(String text) {
    String name =
        text.toLowerCase(Locale.ROOT)
            .replaceAll("[^a-z0-9._-]+", "-")
            .replaceAll("^[^a-z0-9]+", "");
    return name.substring(0, Math.min(64, name.length()));
  }

  Path folder(String name) {
    return directory.resolve(name);
  }

  /** Temporary folder of a model in the making. */
  Path staging(String name) {
    return directory.resolve("." + name + ".part");
  }

  /** All model folders, by name. */
  List<Path> all() throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> inside = Files.list(directory)) {
      return inside
          .filter(Files::isDirectory)
          .filter(folder -> !folder.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    }
  }

  /** The id that embed-service gives the model in a folder. */
  static String id(Path folder) throws IOException {
    Path own = folder.resolve("lookalike-model.json");
    String name = folder.getFileName().toString();
    if (!Files.isRegularFile(own)) {
      return name;
    }
    try {
      JsonNode stated = Json.parse(Files.readString(own));
      return stated.path("id").asText(name);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(ExitCode.USAGE, "MODEL_DAMAGED", own + " is not JSON");
    }
  }

  /**
   * Checks that a folder has what a model needs.
   *
   * @throws CommandFailure MODEL_MISSING
   */
  static void requireModel(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CommandFailure(ExitCode.USAGE, "MODEL_MISSING", "no such folder: " + folder);
    }
    if (!holdsModel(folder)) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "MODEL_MISSING",
          folder
              + " has no model.onnx; export one with: optimum-cli export onnx --model MODEL "
              + folder);
    }
    boolean prepared =
        PREPROCESSING.stream().anyMatch(name -> Files.isRegularFile(folder.resolve(name)));
    Path own = folder.resolve("lookalike-model.json");
    if (!prepared
        && !(Files.isRegularFile(own) && Files.readString(own).contains("preprocess"))
        && !isTimm(folder.resolve(CONFIG))) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "MODEL_MISSING",
          folder
              + " describes no preprocessing of images: it has neither preprocessor_config.json nor"
              + " preprocessing in lookalike-model.json nor timm's pretrained_cfg in config.json");
    }
  }

  /** Whether a {@code config.json} describes the preprocessing, as timm's do. */
  static boolean isTimm(Path config) throws IOException {
    if (!Files.isRegularFile(config)) {
      return false;
    }
    try {
      return Json.parse(Files.readString(config)).path("pretrained_cfg").isObject();
    } catch (IllegalArgumentException e) {
      return false; // embed-service reports what is wrong with it.
    }
  }

  /** Whether a path is a graph, or a folder with a graph in it or in its folder {@code onnx}. */
  public static boolean holdsModel(Path given) {
    return isGraph(given) || holdsGraph(given) || holdsGraph(given.resolve("onnx"));
  }

  private static boolean holdsGraph(Path folder) {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> inside = Files.list(folder)) {
      return inside.anyMatch(ModelFolders::isGraph);
    } catch (IOException | UncheckedIOException e) {
      return false; // embed-service reports why it cannot read there.
    }
  }

  private static boolean isGraph(Path file) {
    return Files.isRegularFile(file)
        && file.getFileName().toString().matches("(vision_)?model.*\\.onnx");
  }

  /**
   * Copies a folder into the home; it appears there in one step.
   *
   * @throws CommandFailure MODEL_EXISTS, DISK_FULL
   */
  Path add(Path from, String name) throws IOException {
    Path folder = folder(name);
    if (Files.exists(folder)) {
      throw new CommandFailure(
          ExitCode.REFUSED, "MODEL_EXISTS", folder + " exists already; give another --name");
    }
    Path staging = staging(name);
    delete(staging);
    Files.createDirectories(staging);
    try {
      List<Path> files;
      try (Stream<Path> walk = Files.walk(from)) {
        files = walk.filter(Files::isRegularFile).filter(file -> isWanted(from, file)).toList();
      }
      long bytes = 0;
      for (Path file : files) {
        bytes += Files.size(file);
      }
      Hub.requireRoom(staging, bytes);
      for (Path file : files) {
        Path to = staging.resolve(from.relativize(file).toString());
        Files.createDirectories(java.util.Objects.requireNonNull(to.getParent()));
        Files.copy(file, to);
      }
      Files.move(staging, folder, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(staging);
    }
    return folder;
  }

  private static boolean isWanted(Path from, Path file) {
    for (Path part : from.relativize(file)) {
      if (part.toString().startsWith(".")) {
        return false;
      }
    }
    return !FOREIGN.matcher(file.getFileName().toString()).matches();
  }

  /** Total bytes of the files in a folder. */
  static long size(Path folder) {
    return Home.size(folder);
  }

  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path each : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    } catch (UncheckedIOException e) {
      throw new IOException("cannot delete " + folder, e);
    }
  }
}
