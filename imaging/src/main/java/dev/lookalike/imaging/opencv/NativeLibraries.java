package dev.lookalike.imaging.opencv;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.global.opencv_imgcodecs;

/**
 * Loads exactly the libraries that the codecs need. JavaCPP's own loader extracts and checks all of
 * openblas and opencv: 1.9 to 3.3 s and 45 MB in a fresh JVM, where this takes 0.1 s.
 *
 * <p>The libraries are extracted once, to {@code <directory>/<version>}, which appears in one step,
 * so that any number of processes may start at once. The directory is the system property {@value
 * #DIRECTORY}, else {@code lookalike/natives} in {@code $XDG_CACHE_HOME} or {@code ~/.cache}; where
 * none can be written, a temporary one.
 */
final class NativeLibraries {
  static final String DIRECTORY = "imaging.natives.directory";

  private static final String VERSION = "opencv-4.13.0-1.5.13-linux-x86_64";
  private static final String JAVACPP = "/org/bytedeco/javacpp/linux-x86_64/";
  private static final String OPENBLAS = "/org/bytedeco/openblas/linux-x86_64/";
  private static final String OPENCV = "/org/bytedeco/opencv/linux-x86_64/";

  /** Each after those that it needs. */
  private static final List<String> RESOURCES =
      List.of(
          JAVACPP + "libjnijavacpp.so",
          OPENBLAS + "libgcc_s.so.1",
          OPENBLAS + "libquadmath.so.0",
          OPENBLAS + "libgfortran.so.5",
          OPENBLAS + "libopenblas.so.0",
          OPENCV + "libopencv_core.so.413",
          OPENCV + "libopencv_imgproc.so.413",
          OPENCV + "libopencv_imgcodecs.so.413",
          OPENCV + "libjniopencv_core.so",
          OPENCV + "libjniopencv_imgcodecs.so");

  private NativeLibraries() {}

  /** Loads them all; elsewhere than on Linux x86-64 JavaCPP does. */
  static void load() {
    boolean here =
        System.getProperty("os.name", "").toLowerCase(Locale.ROOT).equals("linux")
            && System.getProperty("os.arch", "").equals("amd64");
    if (!here || !(isExtracted() || areOnClassPath())) {
      // Extracts to its own layout; read when JavaCPP's Loader is initialised.
      Optional.ofNullable(System.getProperty(DIRECTORY))
          .ifPresent(directory -> System.setProperty("org.bytedeco.javacpp.cachedir", directory));
      Loader.load(opencv_imgcodecs.class);
      return;
    }
    // Read when JavaCPP's Loader is initialised: its static load() calls become no-ops.
    System.setProperty("org.bytedeco.javacpp.loadlibraries", "false");
    Path directory = extracted();
    for (String resource : RESOURCES) {
      load(directory.resolve(fileName(resource)));
    }
  }

  /** Whether somebody has done it ahead: a container image has them without the jars. */
  private static boolean isExtracted() {
    return directories().findFirst().filter(d -> Files.isDirectory(d.resolve(VERSION))).isPresent();
  }

  private static boolean areOnClassPath() {
    return RESOURCES.stream().allMatch(r -> NativeLibraries.class.getResource(r) != null);
  }

  private static void load(Path library) {
    try {
      System.load(library.toString());
    } catch (UnsatisfiedLinkError e) {
      if (!String.valueOf(e.getMessage()).contains("already loaded in another classloader")) {
        throw e;
      }
      // An application that is restarted within its JVM has new class loaders. Libraries that
      // others link to are shared; those with JNI functions are loaded again, as another file.
      if (library.getFileName().toString().startsWith("libjni")) {
        loadCopy(library);
      }
    }
  }

  private static void loadCopy(Path library) {
    try {
      Path copy = Files.createTempFile("lookalike-", ".so");
      try {
        Files.write(copy, Files.readAllBytes(library));
        System.load(copy.toString());
      } finally {
        Files.delete(copy);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path extracted() {
    return directories()
        .flatMap(directory -> extracted(directory).stream())
        .findFirst()
        .orElseGet(NativeLibraries::extractedToTemporary);
  }

  private static Stream<Path> directories() {
    return Stream.of(
            Optional.ofNullable(System.getProperty(DIRECTORY)).map(Path::of),
            cache().map(cache -> cache.resolve("lookalike").resolve("natives")))
        .flatMap(Optional::stream)
        .map(Path::toAbsolutePath);
  }

  /** The user's caches, by the XDG base directory specification: a relative path is ignored. */
  private static Optional<Path> cache() {
    return Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
        .filter(configured -> !configured.isEmpty())
        .map(Path::of)
        .filter(Path::isAbsolute)
        .or(
            () ->
                Optional.ofNullable(System.getProperty("user.home"))
                    .map(home -> Path.of(home, ".cache")));
  }

  private static Optional<Path> extracted(Path directory) {
    Path whole = directory.resolve(VERSION);
    if (Files.isDirectory(whole)) {
      return Optional.of(whole);
    }
    try {
      Files.createDirectories(directory);
      Path part = Files.createTempDirectory(directory, VERSION + "-");
      extractTo(part);
      try {
        Files.move(part, whole, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
      } catch (FileAlreadyExistsException
          | DirectoryNotEmptyException
          | AtomicMoveNotSupportedException e) {
        // Another process was faster.
        delete(part);
      }
      return Files.isDirectory(whole) ? Optional.of(whole) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Path extractedToTemporary() {
    try {
      Path directory = Files.createTempDirectory("lookalike-natives-");
      extractTo(directory);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteQuietly(directory)));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot extract the native libraries", e);
    }
  }

  private static void extractTo(Path directory) throws IOException {
    for (String resource : RESOURCES) {
      try (InputStream in = NativeLibraries.class.getResourceAsStream(resource)) {
        if (in == null) {
          throw new IOException("no resource " + resource);
        }
        Files.copy(in, directory.resolve(fileName(resource)));
      }
    }
  }

  private static void deleteQuietly(Path directory) {
    try {
      delete(directory);
    } catch (IOException e) {
      // Left behind in the temporary directory.
    }
  }

  private static void delete(Path directory) throws IOException {
    for (String resource : RESOURCES) {
      Files.deleteIfExists(directory.resolve(fileName(resource)));
    }
    Files.deleteIfExists(directory);
  }

  private static String fileName(String resource) {
    return resource.substring(resource.lastIndexOf('/') + 1);
  }
}
