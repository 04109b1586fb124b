package dev.lookalike.ingest.blobs;

/** Chooses the store. Without a bucket no class of the object store's client is loaded. */
public final class Blobs {
  private Blobs() {}

  /** The store that the settings name; the caller closes it. */
  public static BlobStore store(BlobSettings settings, S3Settings s3) {
    return s3.bucket().isPresent() ? S3BlobStore.open(s3) : new FileBlobStore(settings.directory());
  }
}
