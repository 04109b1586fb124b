package dev.lookalike.ingest.content;

import dev.lookalike.ingest.blobs.BlobKey;
import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.images.ImageIds;
import dev.lookalike.ingest.images.ImageIndex;
import dev.lookalike.ingest.images.ImageLog;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.Stored;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HexFormat;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * The bytes of images: canonical ones and thumbnails from the log, originals from the BlobStore.
 * Thread-safe; blocks the caller.
 */
public final class Contents {
  private static final Logger LOG = Logger.getLogger(Contents.class);

  /** Pixels of a thumbnail's long side, at most. */
  private static final int THUMBNAIL_SIDE = 256;

  private final Catalogue catalogue;
  private final ImageLog log;
  private final ImageIndex index;
  private final Thumbnailer thumbnailer;
  private final BlobStore blobs;

  public Contents(
      Catalogue catalogue,
      ImageLog log,
      ImageIndex index,
      Thumbnailer thumbnailer,
      BlobStore blobs) {
    this.catalogue = catalogue;
    this.log = log;
    this.index = index;
    this.thumbnailer = thumbnailer;
    this.blobs = blobs;
  }

  /** Makes thumbnails. */
  @FunctionalInterface
  public interface Thumbnailer {
    /**
     * @param longSide pixels of the long side, at most
     */
    byte[] jpeg(byte[] canonical, int longSide);
  }

  /** Which rendition of an image. */
  public enum Variant {
    ORIGINAL,
    CANONICAL,
    THUMBNAIL
  }

  /**
   * A content that exists, before its bytes are made or opened.
   *
   * @param tag changes when the bytes do
   */
  public record Found(
      ImageVersion version, Variant variant, String mediaType, String tag, Stored stored) {}

  /**
   * Finds a content.
   *
   * @param version empty: the version that the index knows
   * @throws RefusedException INVALID_IMAGE_ID, COLLECTION_NOT_FOUND, IMAGE_NOT_FOUND,
   *     CONTENT_NOT_FOUND, QUERY_UNAVAILABLE, BROKER_UNAVAILABLE, FULL
   */
  public Found find(
      String collectionName, String imageId, Variant variant, Optional<ImageVersion> version) {
    ImageIds.checked(imageId);
    Collection collection = catalogue.get(collectionName).collection();
    ImageVersion wanted =
        version.orElseGet(() -> index.known(collection.getId(), imageId).getVersion());
    Stored stored = log.stored(collection, imageId, wanted).orElseThrow(Contents::notFound);
    String canonicalTag = hex(stored.getCanonical().getSha256().toByteArray());
    return switch (variant) {
      case CANONICAL ->
          new Found(wanted, variant, stored.getCanonical().getMediaType(), canonicalTag, stored);
      case THUMBNAIL ->
          new Found(wanted, variant, "image/jpeg", canonicalTag + "-" + THUMBNAIL_SIDE, stored);
      case ORIGINAL -> {
        if (!stored.getOriginal().hasBlob()) {
          throw new RefusedException(
              ErrorCode.CONTENT_NOT_FOUND, "the original of this image was not kept");
        }
        yield new Found(
            wanted,
            variant,
            stored.getOriginal().getMediaType(),
            hex(stored.getOriginal().getSha256().toByteArray()),
            stored);
      }
    };
  }

  /**
   * Opens what was found; the caller closes the stream.
   *
   * @throws RefusedException CONTENT_NOT_FOUND, STORAGE_UNAVAILABLE
   */
  public BlobStore.Opened open(Found found) {
    return switch (found.variant()) {
      case CANONICAL -> {
        if (!found.stored().getCanonical().hasInline()) {
          throw notFound();
        }
        yield new BlobStore.Opened(
            found.stored().getCanonical().getInline().newInput(),
            found.stored().getCanonical().getInline().size());
      }
      case THUMBNAIL -> {
        byte[] canonical = found.stored().getCanonical().getInline().toByteArray();
        byte[] thumbnail = thumbnailer.jpeg(canonical, THUMBNAIL_SIDE);
        yield new BlobStore.Opened(new ByteArrayInputStream(thumbnail), thumbnail.length);
      }
      case ORIGINAL -> openBlob(found.stored().getOriginal().getBlob().getKey());
    };
  }

  private BlobStore.Opened openBlob(String text) {
    BlobKey key = BlobKey.parse(text).orElseThrow(Contents::notFound);
    try {
      return blobs.open(key).orElseThrow(Contents::notFound);
    } catch (IOException e) {
      LOG.errorf("cannot open the original %s: %s", text, e);
      throw new RefusedException(ErrorCode.STORAGE_UNAVAILABLE, "the original cannot be read now");
    }
  }

  private static RefusedException notFound() {
    return new RefusedException(
        ErrorCode.CONTENT_NOT_FOUND, "this version of the image does not exist, or no longer");
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
