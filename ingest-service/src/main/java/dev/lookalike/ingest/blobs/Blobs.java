package dev.lookalike.ingest.blobs;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Chooses the store. */
@Singleton
public class Blobs {
  @Produces
  @Singleton
  BlobStore store(BlobSettings settings) {
    return new FileBlobStore(settings.directory());
  }
}
