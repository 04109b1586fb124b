package dev.lookalike.ingest.blobs;

import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;

/** Chooses the store. Without a bucket no class of the object store's client is loaded. */
@Singleton
public class Blobs {
  @Produces
  @Singleton
  BlobStore store(BlobSettings settings, S3Settings s3) {
    return s3.bucket().isPresent() ? S3BlobStore.open(s3) : new FileBlobStore(settings.directory());
  }

  void close(@Disposes BlobStore store) throws IOException {
    store.close();
  }
}
