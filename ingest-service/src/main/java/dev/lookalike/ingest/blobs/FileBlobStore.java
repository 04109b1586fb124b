package dev.lookalike.ingest.blobs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Blobs as files: {@code <directory>/<collection id>/<first two digits>/<image hash>/<content
 * hash>}, with the image id beside them in {@code id}. A file is written under a temporary name in
 * the same directory, forced to disk, renamed, and the directory forced, so that a crash leaves
 * either nothing or the whole.
 */
public final class FileBlobStore implements BlobStore {
  private static final String ID_FILE = "id";
  private static final String TEMPORARY = ".tmp-";

  /** A temporary file of this age belongs to a process that died. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private final Path directory;

  /**
   * @param directory created with the first blob
   */
  public FileBlobStore(Path directory) {
    this.directory = directory.toAbsolutePath().normalize();
  }

  @Override
  public void put(BlobKey key, String imageId, byte[] bytes) throws IOException {
    if (!BlobKey.imageHash(imageId).equals(key.imageHash())) {
      throw new IllegalArgumentException("the key belongs to another image");
    }
    Path file = file(key);
    Path folder = folder(key);
    // The sweep may remove the folder while it is still empty.
    for (int attempt = 1; ; attempt++) {
      createForced(folder);
      try {
        if (!Files.exists(folder.resolve(ID_FILE))) {
          write(folder.resolve(ID_FILE), imageId.getBytes(UTF_8));
        }
        write(file, bytes);
        return;
      } catch (NoSuchFileException e) {
        if (attempt == 3) {
          throw e;
        }
      }
    }
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    Path folder = Objects.requireNonNull(file.getParent());
    Path temporary = file.resolveSibling(TEMPORARY + UUID.randomUUID());
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        while (left.hasRemaining()) {
          channel.write(left);
        }
        channel.force(true);
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      force(folder);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Creates a directory and those above it; each new one is forced into its parent. */
  private static void createForced(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.getParent();
    if (parent != null) {
      createForced(parent);
    }
    try {
      Files.createDirectory(folder);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
    }
    if (parent != null) {
      force(parent);
    }
  }

  private static void force(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public Optional<Opened> open(BlobKey key) throws IOException {
    try {
      FileChannel channel = FileChannel.open(file(key), StandardOpenOption.READ);
      long size = channel.size();
      return Optional.of(
          new Opened(new VerifiedStream(Channels.newInputStream(channel), key, size), size));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  @Override
  public boolean delete(BlobKey key, Instant putBefore) throws IOException {
    Path blob = file(key);
    boolean removed = false;
    try {
      removed =
          Files.getLastModifiedTime(blob).toInstant().isBefore(putBefore)
              && Files.deleteIfExists(blob);
    } catch (NoSuchFileException e) {
      // Its folder is removed all the same, if nothing else is in it.
      removed = false;
    }
    removeEmpty(folder(key));
    return removed;
  }

  private static void removeEmpty(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    boolean last = true;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        last &= file.getFileName().toString().equals(ID_FILE);
      }
    }
    if (last) {
      Files.deleteIfExists(folder.resolve(ID_FILE));
      try {
        Files.deleteIfExists(folder);
      } catch (DirectoryNotEmptyException e) {
        // A put came in between; it writes the id file again if it is missing.
        return;
      }
    }
  }

  @Override
  public void deleteCollection(String collectionId) throws IOException {
    if (!BlobKey.isCollectionId(collectionId)) {
      throw new IllegalArgumentException("not the id of a collection");
    }
    Path folder = directory.resolve(collectionId);
    // A put that was under way may bring something back between two steps.
    for (int attempt = 1; Files.exists(folder); attempt++) {
      try (Stream<Path> all = Files.walk(folder)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(each);
        }
      } catch (DirectoryNotEmptyException | NoSuchFileException | UncheckedIOException e) {
        if (attempt == 3) {
          throw new IOException("blobs of " + collectionId + " come and go", e);
        }
      }
    }
  }

  @Override
  public void list(Instant putBefore, Visitor each) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (DirectoryStream<Path> collections = Files.newDirectoryStream(directory)) {
      for (Path collection : collections) {
        listCollection(collection, putBefore, each);
      }
    }
  }

  private static void listCollection(Path collection, Instant putBefore, Visitor each)
      throws IOException {
    if (!Files.isDirectory(collection)) {
      return;
    }
    try (DirectoryStream<Path> shelves = Files.newDirectoryStream(collection)) {
      for (Path shelf : shelves) {
        try (DirectoryStream<Path> images = Files.newDirectoryStream(shelf)) {
          for (Path image : images) {
            listImage(collection.getFileName().toString(), image, putBefore, each);
          }
        }
      }
    }
  }

  private static void listImage(String collectionId, Path image, Instant putBefore, Visitor each)
      throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(image)) {
      String imageId = Files.readString(image.resolve(ID_FILE));
      for (Path file : files) {
        String name = file.getFileName().toString();
        Instant changed = Files.getLastModifiedTime(file).toInstant();
        if (name.startsWith(TEMPORARY)) {
          if (changed.isBefore(Instant.now().minus(ABANDONED))) {
            Files.deleteIfExists(file);
          }
          continue;
        }
        Optional<BlobKey> key =
            BlobKey.parse(collectionId + "/" + image.getFileName() + "/" + name);
        if (key.isPresent() && changed.isBefore(putBefore)) {
          each.visit(new Stored(key.get(), imageId, changed, Files.size(file)));
        }
      }
    } catch (NoSuchFileException e) {
      // Removed meanwhile.
      return;
    }
  }

  @Override
  public void check() throws IOException {
    createForced(directory);
    if (!Files.isWritable(directory)) {
      throw new FileSystemException(directory.toString(), null, "not writable");
    }
  }

  private Path folder(BlobKey key) {
    return directory
        .resolve(key.collectionId())
        .resolve(key.imageHash().substring(0, 2))
        .resolve(key.imageHash());
  }

  private Path file(BlobKey key) {
    return folder(key).resolve(key.contentHash());
  }
}
