package dev.lookalike.ingest.blobs;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Keeps uploaded bytes by content. What {@link #put} returned from is whole and stays, whatever
 * dies afterwards; what it did not return from is not visible. Thread-safe, also between processes
 * on the same store.
 */
public interface BlobStore {
  /**
   * A blob that is there.
   *
   * @param imageId the image that it was put for
   * @param stored when it was last put
   */
  record Stored(BlobKey key, String imageId, Instant stored, long sizeBytes) {}

  /**
   * An open blob; the caller closes the stream.
   *
   * @param sizeBytes what the stream yields
   */
  record Opened(InputStream bytes, long sizeBytes) {}

  /**
   * Keeps the bytes. Putting the same again renews {@link Stored#stored}.
   *
   * @param imageId what {@code key} was made of
   */
  void put(BlobKey key, String imageId, byte[] bytes) throws IOException;

  /** Opens a blob; empty when there is none. */
  Optional<Opened> open(BlobKey key) throws IOException;

  /** Removes a blob; does nothing when there is none. */
  void delete(BlobKey key) throws IOException;

  /** Removes every blob of a collection; does nothing when there is none. */
  void deleteCollection(String collectionId) throws IOException;

  /** Hands every blob to {@code each}, in no order. Blobs may come and go meanwhile. */
  void list(Consumer<Stored> each) throws IOException;

  /**
   * Checks that blobs can be put.
   *
   * @throws IOException says why not
   */
  void check() throws IOException;
}
