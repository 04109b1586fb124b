package dev.lookalike.ingest.blobs;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Blobs in memory. */
public final class FakeBlobs implements BlobStore {
  private record Kept(Stored stored, byte[] bytes) {}

  private final Map<BlobKey, Kept> blobs = new HashMap<>();

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
    blobs.put(key, new Kept(new Stored(key, imageId, Instant.now(), bytes.length), bytes));
  }

  @Override
  public Optional<Opened> open(BlobKey key) throws IOException {
    requireHere();
    return Optional.ofNullable(blobs.get(key))
        .map(kept -> new Opened(new ByteArrayInputStream(kept.bytes()), kept.bytes().length));
  }

  @Override
  public boolean delete(BlobKey key, Instant putBefore) {
    Kept kept = blobs.get(key);
    return kept != null && kept.stored().stored().isBefore(putBefore) && blobs.remove(key) != null;
  }

  @Override
  public void deleteCollection(String collectionId) throws IOException {
    requireHere();
    deletions++;
    blobs.keySet().removeIf(key -> key.collectionId().equals(collectionId));
  }

  @Override
  public void list(Instant putBefore, Visitor each) throws IOException {
    requireHere();
    for (Kept kept : List.copyOf(blobs.values())) {
      if (kept.stored().stored().isBefore(putBefore)) {
        each.visit(kept.stored());
      }
    }
  }

  @Override
  public void check() throws IOException {
    requireHere();
  }
}
