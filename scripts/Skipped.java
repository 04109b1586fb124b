import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Prints in one line how many tests a Maven run skipped, and how to run them: {@code java
 * scripts/Skipped.java ROOT BEGAN}, the root of the checkout and the start time of the run. Ignores
 * reports of earlier runs.
 */
class Skipped {
  /** A part of the reason, and the remedy. The first match counts. */
  private static final Map<String, String> MENDED_BY = new LinkedHashMap<>();

  static {
    MENDED_BY.put("milvus-lite", "scripts/engines milvus-lite (python3-venv)");
    MENDED_BY.put("milvus", "scripts/engines milvus (python3-venv)");
    MENDED_BY.put("versitygw", "scripts/engines versitygw (Go, 2 minutes)");
    MENDED_BY.put("control-plane", "scripts/engines control-plane (Go, 9 minutes of CPU)");
    MENDED_BY.put("kubectl", "scripts/engines kubectl (python3-venv)");
    MENDED_BY.put("kustomize", "scripts/engines kubectl (python3-venv)");
    MENDED_BY.put("CUDA natives", "scripts/cuda-natives DIR and LOOKALIKE_CUDA_NATIVES=DIR (640 MB)");
    MENDED_BY.put("docker", "scripts/docker-engine --install");
    for (String folder : List.of("robustness", "images/clothing", "mobilenet-v2")) {
      MENDED_BY.put(folder, "the shared test data beside the checkout (CONTRIBUTING.md)");
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path root = Path.of(arguments[0]);
    Instant began = Instant.parse(arguments[1]);
    int tests = 0;
    Map<String, Integer> counts = new TreeMap<>();
    DocumentBuilder parser = DocumentBuilderFactory.newInstance().newDocumentBuilder();
    for (Path report : reports(root, began)) {
      NodeList cases = parser.parse(report.toFile()).getElementsByTagName("testcase");
      tests += cases.getLength();
      for (int i = 0; i < cases.getLength(); i++) {
        NodeList skipped = ((Element) cases.item(i)).getElementsByTagName("skipped");
        if (skipped.getLength() > 0) {
          Element element = (Element) skipped.item(0);
          String reason = element.getAttribute("message") + " " + element.getTextContent();
          counts.merge(mendedBy(reason.strip()), 1, Integer::sum);
        }
      }
    }
    if (tests == 0) {
      return;
    }
    int skipped = counts.values().stream().mapToInt(Integer::intValue).sum();
    System.out.println(
        skipped == 0
            ? "tests: %d, none skipped".formatted(tests)
            : "tests: %d, %d skipped: %s"
                .formatted(
                    tests,
                    skipped,
                    counts.entrySet().stream()
                        .map(e -> e.getValue() + " need " + e.getKey())
                        .collect(Collectors.joining("; "))));
  }

  private static String mendedBy(String reason) {
    return MENDED_BY.entrySet().stream()
        .filter(e -> reason.toLowerCase().contains(e.getKey().toLowerCase()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse("\"" + reason.lines().findFirst().orElse("a reason") + "\"");
  }

  private static List<Path> reports(Path root, Instant began) throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> modules = Files.list(root)) {
      for (Path module : modules.sorted().toList()) {
        for (String kind : List.of("surefire-reports", "failsafe-reports")) {
          Path folder = module.resolve("target").resolve(kind);
          if (!Files.isDirectory(folder)) {
            continue;
          }
          try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.getFileName().toString().matches("TEST-.*\\.xml")).toList()) {
              if (!Files.getLastModifiedTime(file).toInstant().isBefore(began)) {
                found.add(file);
              }
            }
          }
        }
      }
    }
    return found;
  }
}
