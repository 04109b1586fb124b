package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Unpacks ONNX Runtime's native libraries once. Left to itself the runtime unpacks 28 MB to a new
 * temporary directory at every start, and leaves it there when the process is killed.
 *
 * <p>The libraries lie in {@code <directory>/onnxruntime-<version>-<checksum>}, which appears in
 * one step, so that any number of processes may start at once. The directory is the system property
 * {@value #DIRECTORY}, else {@code lookalike/natives} in {@code $XDG_CACHE_HOME} or {@code
 * ~/.cache}. Where it cannot be written, or elsewhere than on Linux, the runtime does as it always
 * did.
 */
final class RuntimeLibraries {
  static final String DIRECTORY = "onnxruntime.natives.directory";

  /** Read by ONNX Runtime: where its libraries lie; whoever sets it has chosen them. */
  static final String CHOSEN = "onnxruntime.native.path";

  private static final Logger LOG = Logger.getLogger(RuntimeLibraries.class);
  private static final List<String> NEEDED =
      List.of("libonnxruntime.so", "libonnxruntime4j_jni.so");

  /** In a jar with CUDA only; looked for beside the others. */
  private static final List<String> CUDA =
      List.of("libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so");

  private static final List<String> NAMES = Stream.concat(NEEDED.stream(), CUDA.stream()).toList();

  private RuntimeLibraries() {}

  /** To be called before the runtime is first touched. */
  static void prepare() {
    if (System.getProperty(CHOSEN) != null) {
      return;
    }
    Optional<String> platform = platform();
    if (platform.isEmpty()) {
      return;
    }
    String resources = "/ai/onnxruntime/native/" + platform.get() + "/";
    try {
      Optional<Path> directory = unpacked(resources);
      directory.ifPresent(path -> System.setProperty(CHOSEN, path.toString()));
    } catch (IOException e) {
      LOG.warnf("ONNX Runtime unpacks its libraries at every start: %s", e);
    }
  }

  private static Optional<Path> unpacked(String resources) throws IOException {
    URL largest = OrtEnvironment.class.getResource(resources + NAMES.getFirst());
    if (largest == null || !(largest.openConnection() instanceof JarURLConnection jar)) {
      return Optional.empty();
    }
    jar.setUseCaches(false);
    String version;
    try (var file = jar.getJarFile()) {
      version =
          file.getManifest().getMainAttributes().getValue("Implementation-Version")
              + "-%08x".formatted(file.getJarEntry(jar.getEntryName()).getCrc());
    }
    Path target = directory().resolve("onnxruntime-" + version);
    if (Files.isDirectory(target)) {
      return Optional.of(target);
    }
    Files.createDirectories(directory());
    Path partial = Files.createTempDirectory(directory(), "partial-");
    try {
      for (String name : NAMES) {
        try (InputStream in = OrtEnvironment.class.getResourceAsStream(resources + name)) {
          if (in != null) {
            Files.copy(in, partial.resolve(name));
          } else if (NEEDED.contains(name)) {
            return Optional.empty();
          }
        }
      }
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException
        | DirectoryNotEmptyException
        | AtomicMoveNotSupportedException e) {
      // Another process was first.
    } finally {
      if (Files.isDirectory(partial)) {
        for (String name : NAMES) {
          Files.deleteIfExists(partial.resolve(name));
        }
        Files.delete(partial);
      }
    }
    return Files.isDirectory(target) ? Optional.of(target) : Optional.empty();
  }

  private static Path directory() {
    String configured = System.getProperty(DIRECTORY);
    if (configured != null) {
      return Path.of(configured).toAbsolutePath();
    }
    String caches = System.getenv("XDG_CACHE_HOME");
    Path cache =
        caches != null && Path.of(caches).isAbsolute()
            ? Path.of(caches)
            : Path.of(System.getProperty("user.home"), ".cache");
    return cache.resolve("lookalike").resolve("natives");
  }

  /** As ONNX Runtime's jar names it. */
  private static Optional<String> platform() {
    if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).equals("linux")) {
      return Optional.empty();
    }
    return switch (System.getProperty("os.arch", "")) {
      case "amd64", "x86_64" -> Optional.of("linux-x64");
      case "aarch64" -> Optional.of("linux-aarch64");
      default -> Optional.empty();
    };
  }
}
