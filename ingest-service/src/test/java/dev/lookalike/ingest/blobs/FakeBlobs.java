package dev.lookalike.ingest.blobs;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Blobs in memory. */
public final class FakeBlobs implements BlobStore {
  private final Map<BlobKey, byte[]> blobs = new HashMap<>();

  public boolean away;

  /** How often the blobs of a collection were deleted. */
  public int deletions;

  private void requireHere() throws IOException {
    if (away) {
      throw new IOException("away");
    }
  }

  @Override
  public void put(BlobKey key, String imageId, byte[] bytes) throws IOException {
    requireHere();
    blobs.put(key, bytes);
  }

  @Override
  public Optional<Opened> open(BlobKey key) throws IOException {
    requireHere();
    return Optional.ofNullable(blobs.get(key))
        .map(bytes -> new Opened(new ByteArrayInputStream(bytes), bytes.length));
  }

  @Override
  public boolean delete(BlobKey key, Instant putBefore) {
    return blobs.remove(key) != null;
  }

  @Override
  public void deleteCollection(String collectionId) throws IOException {
    requireHere();
    deletions++;
    blobs.keySet().removeIf(key -> key.collectionId().equals(collectionId));
  }

  @Override
  public void list(Instant putBefore, Visitor each) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void check() throws IOException {
    requireHere();
  }
}
