package dev.lookalike.system.kubernetes;

import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The real kustomize: the one that {@code LOOKALIKE_KUSTOMIZE} names, that of {@code
 * scripts/engines}, or {@code kustomize} or {@code kubectl} on the PATH.
 *
 * @param command renders the folder that is appended to it
 */
record Kustomize(List<String> command) {
  static final String MISSING =
      "k8s/ is not checked: no kustomize or kubectl on the PATH; scripts/engines kubectl gets one";

  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  static Optional<Kustomize> find() {
    Optional<Path> named = Optional.ofNullable(System.getenv("LOOKALIKE_KUSTOMIZE")).map(Path::of);
    return named
        .map(Kustomize::of)
        .or(() -> Installed.engine("kubectl").map(Kustomize::of))
        .or(() -> Installed.onPath("kustomize").map(Kustomize::of))
        .or(() -> Installed.onPath("kubectl").map(Kustomize::of));
  }

  private static Kustomize of(Path program) {
    boolean kubectl = program.getFileName().toString().equals("kubectl");
    return new Kustomize(List.of(program.toString(), kubectl ? "kustomize" : "build"));
  }

  /**
   * The resources of an overlay.
   *
   * @throws IllegalStateException with the words of kustomize when it refuses
   */
  List<ObjectNode> render(Path folder) throws IOException, InterruptedException {
    Path errors = Files.createTempFile("kustomize", ".log");
    List<String> line = new ArrayList<>(command);
    line.add(folder.toString());
    Process process = new ProcessBuilder(line).redirectError(errors.toFile()).start();
    process.getOutputStream().close();
    try (MappingIterator<ObjectNode> documents =
        YAML.readerFor(ObjectNode.class).readValues(process.getInputStream())) {
      List<ObjectNode> resources = documents.readAll();
      if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
        throw new IllegalStateException(Files.readString(errors));
      }
      return resources;
    } finally {
      process.destroyForcibly();
      Files.delete(errors);
    }
  }
}
