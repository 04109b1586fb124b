package dev.lookalike.cli.evaluate;

import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The labelled files below some folders. Links are followed; hidden files and folders are skipped;
 * the service finds out what a file contains. Of identical files with one class the first is kept;
 * identical files with different classes contradict each other, and none is kept.
 *
 * @param images in the order of the folders, then by name
 * @param duplicates identical to an image of the same class
 * @param contradictory identical to a file of another class
 * @param unlabelled not in a class folder
 * @param skipped hidden, unreadable or not regular files; a hidden folder counts once
 */
record LabelledFolders(
    List<LabelledImage> images,
    int duplicates,
    List<Path> contradictory,
    List<Path> unlabelled,
    int skipped) {

  /**
   * Reads all files once to hash them.
   *
   * @param innermost whether the class is the folder that contains the file; otherwise it is the
   *     first one below the root, however deep the file is
   */
  static LabelledFolders read(Collection<Path> roots, boolean innermost) throws IOException {
    List<LabelledImage> found = new ArrayList<>();
    List<Path> unlabelled = new ArrayList<>();
    int skipped = 0;
    for (Path root : roots) {
      Walk walk = new Walk(root.toAbsolutePath().normalize());
      Files.walkFileTree(
          walk.root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, walk);
      skipped += walk.skipped;
      walk.files.sort(Comparator.naturalOrder());
      for (Path file : walk.files) {
        Path below = walk.root.relativize(file);
        if (below.getNameCount() < 2) {
          unlabelled.add(file);
          continue;
        }
        Path label = below.getName(innermost ? below.getNameCount() - 2 : 0);
        found.add(new LabelledImage(file, label.toString(), sha256(file), Files.size(file)));
      }
    }
    Map<String, Set<String>> labels = new LinkedHashMap<>();
    found.forEach(
        image -> labels.computeIfAbsent(image.content(), c -> new TreeSet<>()).add(image.label()));
    List<LabelledImage> images = new ArrayList<>();
    List<Path> contradictory = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (LabelledImage image : found) {
      if (labels.getOrDefault(image.content(), Set.of()).size() > 1) {
        contradictory.add(image.file());
      } else if (seen.add(image.content())) {
        images.add(image);
      }
    }
    return new LabelledFolders(
        List.copyOf(images),
        found.size() - images.size() - contradictory.size(),
        List.copyOf(contradictory),
        List.copyOf(unlabelled),
        skipped);
  }

  int classes() {
    return (int) images.stream().map(LabelledImage::label).distinct().count();
  }

  private static final class Walk extends SimpleFileVisitor<Path> {

    private final Path root;
    private final List<Path> files = new ArrayList<>();
    private int skipped;

    Walk(Path root) {
      this.root = root;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
      if (!directory.equals(root) && hidden(directory)) {
        skipped++;
        return FileVisitResult.SKIP_SUBTREE;
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (hidden(file) || !attributes.isRegularFile() || !Files.isReadable(file)) {
        skipped++;
      } else {
        files.add(file);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      skipped++; // Includes a folder that links to one above it.
      return FileVisitResult.CONTINUE;
    }

    private static boolean hidden(Path file) {
      return file.getFileName().toString().startsWith(".");
    }
  }

  private static String sha256(Path file) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCode.USAGE, "FILE_UNREADABLE", "cannot read " + file + ": " + e.getMessage());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every JDK has SHA-256.
    }
  }
}
