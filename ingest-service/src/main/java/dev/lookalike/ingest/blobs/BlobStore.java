package dev.lookalike.ingest.blobs;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;

/**
 * Keeps uploaded bytes by content. Once {@link #put} has returned, the blob is whole and survives
 * any crash; before, it is not visible. Thread-safe, also between processes on the same store.
 * IOException: the store cannot do it now; its message says why.
 */
public interface BlobStore extends AutoCloseable {
  /**
   * A blob that is there.
   *
   * @param imageId the image that it was put for
   * @param stored when it was last put; some stores count whole seconds
   */
  record Stored(BlobKey key, String imageId, Instant stored, long sizeBytes) {}

  /**
   * An open blob; the caller closes the stream, which ends in an IOException before its last byte
   * where the bytes are not those that the key names.
   *
   * @param sizeBytes what the stream yields
   */
  record Opened(InputStream bytes, long sizeBytes) {}

  /** Is handed one blob after the other. */
  interface Visitor {
    void visit(Stored blob) throws IOException;
  }

  /**
   * Keeps the bytes. Putting the same again renews {@link Stored#stored}.
   *
   * @param imageId what {@code key} was made of
   */
  void put(BlobKey key, String imageId, byte[] bytes) throws IOException;

  /** Opens a blob; empty when there is none. */
  Optional<Opened> open(BlobKey key) throws IOException;

  /**
   * Removes a blob, unless it was put again since; does nothing when there is none.
   *
   * @param putBefore a blob that was put at this moment or later stays
   * @return whether it was removed
   */
  boolean delete(BlobKey key, Instant putBefore) throws IOException;

  /** Removes every blob of a collection; does nothing when there is none. */
  void deleteCollection(String collectionId) throws IOException;

  /**
   * Hands blobs to {@code each}, in no order, which may delete them. Blobs may come and go
   * meanwhile. Holds a page of them in memory at most.
   *
   * @param putBefore those that were put at this moment or later are left out
   */
  void list(Instant putBefore, Visitor each) throws IOException;

  /**
   * Checks that blobs can be put.
   *
   * @throws IOException says why not
   */
  void check() throws IOException;

  /** Lets go of connections; a second call does nothing. */
  @Override
  default void close() throws IOException {}
}
