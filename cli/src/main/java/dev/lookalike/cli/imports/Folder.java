package dev.lookalike.cli.imports;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * The files below a folder, ordered by name: every regular file that is not hidden, whatever its
 * name. The service finds out what a file contains.
 *
 * @param skipped hidden, unreadable or not regular files; a hidden folder counts once
 */
record Folder(List<FolderFile> files, int skipped) {

  /**
   * @param folder may be a symbolic link; links to folders below it are not followed
   * @param leftOut real paths of files that are not images: the attribute table
   */
  static Folder walk(Path folder, Set<Path> leftOut) throws IOException {
    Path root = folder.toRealPath();
    List<FolderFile> files = new ArrayList<>();
    int[] skipped = {0};
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            if (!directory.equals(root) && hidden(directory)) {
              skipped[0]++;
              return FileVisitResult.SKIP_SUBTREE;
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            BasicFileAttributes target =
                attributes.isSymbolicLink() && Files.exists(file)
                    ? Files.readAttributes(file, BasicFileAttributes.class)
                    : attributes;
            if (hidden(file)
                || !target.isRegularFile()
                || !Files.isReadable(file)
                || (!leftOut.isEmpty() && leftOut.contains(file.toRealPath()))) {
              skipped[0]++;
            } else {
              files.add(
                  new FolderFile(
                      name(root, file), file, target.size(), target.lastModifiedTime().toMillis()));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            skipped[0]++;
            return FileVisitResult.CONTINUE;
          }
        });
    files.sort(Comparator.comparing(FolderFile::name));
    return new Folder(List.copyOf(files), skipped[0]);
  }

  private static boolean hidden(Path file) {
    return file.getFileName().toString().startsWith(".");
  }

  private static String name(Path root, Path file) {
    StringBuilder name = new StringBuilder();
    root.relativize(file).forEach(part -> name.append(name.isEmpty() ? "" : "/").append(part));
    return name.toString();
  }
}
