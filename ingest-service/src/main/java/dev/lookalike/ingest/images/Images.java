package dev.lookalike.ingest.images;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.CanonicalResult;
import dev.lookalike.ingest.blobs.BlobKey;
import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.ingest.records.Timestamps;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.Deleted;
import dev.lookalike.proto.events.v1.ImageEvent;
import dev.lookalike.proto.events.v1.Stored;
import dev.lookalike.proto.image.v1.BlobReference;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.proto.image.v1.CanonicalImage;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.OriginalImage;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiFunction;
import org.jboss.logging.Logger;

/**
 * Accepts images, deletes them, retries rejected ones. An image is accepted when the broker has
 * acknowledged its record; the place of the record is its version. Thread-safe; blocks the caller.
 */
public final class Images {
  private static final Logger LOG = Logger.getLogger(Images.class);

  /** The reason that embed-service gives for a record that holds no readable image. */
  private static final String RECORD_UNREADABLE = "RECORD_UNREADABLE";

  private final Catalogue catalogue;
  private final BiFunction<byte[], Bounds, CanonicalResult> canonicalize;
  private final BlobStore blobs;
  private final ImageLog log;
  private final ImageIndex index;
  private final IngestMetrics metrics;
  private final InstantSource clock;

  /**
   * @param canonicalize the canonical image of untrusted bytes, or why there is none
   */
  public Images(
      Catalogue catalogue,
      BiFunction<byte[], Bounds, CanonicalResult> canonicalize,
      BlobStore blobs,
      ImageLog log,
      ImageIndex index,
      IngestMetrics metrics,
      InstantSource clock) {
    this.catalogue = catalogue;
    this.canonicalize = canonicalize;
    this.blobs = blobs;
    this.log = log;
    this.index = index;
    this.metrics = metrics;
    this.clock = clock;
  }

  /**
   * What a delete by filter did.
   *
   * @param tokens of the last delete of each partition
   */
  public record DeletedImages(long matched, List<String> tokens) {}

  /**
   * Refuses an upload to a collection that does not exist, before it is read.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, BROKER_UNAVAILABLE
   */
  public void requireCollection(String collectionName) {
    catalogue.get(collectionName);
  }

  /**
   * Accepts one image.
   *
   * @param untrusted at least one byte; not kept
   * @throws RefusedException the code of what is wrong with the image, COLLECTION_NOT_FOUND,
   *     BROKER_UNAVAILABLE, STORAGE_UNAVAILABLE
   */
  public Accepted put(PutCommand command, byte[] untrusted) {
    Collection collection = catalogue.get(command.collection()).collection();
    CanonicalResult.Canonical canonical = canonical(untrusted, collection.getBounds());
    String imageId = command.id().orElseGet(() -> ImageIds.ofContent(untrusted));
    OriginalImage original = original(collection, imageId, untrusted, canonical);
    Stored stored =
        Stored.newBuilder()
            .setCanonical(inline(canonical.image()))
            .setOriginal(original)
            .setBounds(collection.getBounds())
            .putAllAttributes(command.attributes())
            .addAllLabels(command.labels())
            .setAcceptedAt(Timestamps.of(clock.instant()))
            .setRequestId(UUID.randomUUID().toString())
            .setAttempt(1)
            .build();
    Accepted accepted =
        log.append(collection, imageId, ImageEvent.newBuilder().setStored(stored).build());
    metrics.uploaded(untrusted.length);
    return accepted;
  }

  private CanonicalResult.Canonical canonical(byte[] untrusted, CanonicalBounds bounds) {
    CanonicalResult result =
        canonicalize.apply(
            untrusted,
            new Bounds(
                bounds.getShortSide(),
                bounds.getLongSide(),
                bounds.getJpegQuality(),
                bounds.getMaxBytes()));
    return switch (result) {
      case CanonicalResult.Canonical image -> image;
      case CanonicalResult.Refused refused ->
          throw new RefusedException(ErrorCode.valueOf(refused.reason().name()), refused.detail());
    };
  }

  private static CanonicalImage inline(dev.lookalike.imaging.CanonicalImage image) {
    return CanonicalImage.newBuilder()
        .setMediaType("image/jpeg")
        .setWidth(image.width())
        .setHeight(image.height())
        .setSha256(ByteString.copyFrom(ImageIds.sha256().digest(image.jpeg())))
        .setInline(UnsafeByteOperations.unsafeWrap(image.jpeg()))
        .build();
  }

  /** Describes the original, and stores it before the record that refers to it is written. */
  private OriginalImage original(
      Collection collection,
      String imageId,
      byte[] untrusted,
      CanonicalResult.Canonical canonical) {
    byte[] sha256 = ImageIds.sha256().digest(untrusted);
    OriginalImage.Builder original =
        OriginalImage.newBuilder()
            .setMediaType(canonical.originalFormat().mediaType())
            .setWidth(canonical.originalWidth())
            .setHeight(canonical.originalHeight())
            .setSha256(ByteString.copyFrom(sha256))
            .setSizeBytes(untrusted.length);
    if (collection.getKeepOriginals()) {
      BlobKey key = BlobKey.of(collection.getId(), imageId, sha256);
      keep(key, imageId, untrusted);
      original.setBlob(
          BlobReference.newBuilder().setKey(key.text()).setSizeBytes(untrusted.length));
    }
    return original.build();
  }

  private void keep(BlobKey key, String imageId, byte[] untrusted) {
    try {
      blobs.put(key, imageId, untrusted);
    } catch (IOException e) {
      LOG.errorf("cannot store the original %s: %s", key.text(), e);
      throw new RefusedException(
          ErrorCode.STORAGE_UNAVAILABLE, "the original cannot be stored now; nothing was accepted");
    }
  }

  /**
   * Deletes an image; deleting one that does not exist succeeds.
   *
   * @throws RefusedException INVALID_IMAGE_ID, COLLECTION_NOT_FOUND, BROKER_UNAVAILABLE
   */
  public Accepted delete(String collectionName, String imageId) {
    ImageIds.checked(imageId);
    return log.append(catalogue.get(collectionName).collection(), imageId, deleted());
  }

  /**
   * Deletes every searchable image that a filter matches, page by page: a failure in between does
   * not undo earlier pages.
   *
   * @throws RefusedException INVALID_FILTER, QUERY_UNAVAILABLE, BROKER_UNAVAILABLE,
   *     COLLECTION_NOT_FOUND
   */
  public DeletedImages deleteMatching(String collectionName, String filter) {
    requireFilter(filter);
    Collection collection = catalogue.get(collectionName).collection();
    Map<Integer, Accepted> lasts = new TreeMap<>();
    long[] matched = new long[1];
    index.matching(
        collection.getId(),
        filter,
        page -> {
          List<ImageLog.Event> events =
              page.stream()
                  .map(entry -> new ImageLog.Event(entry.getImageId(), deleted()))
                  .toList();
          for (Accepted delete : log.append(collection, events)) {
            lasts.merge(
                delete.version().getPartition(),
                delete,
                (a, b) -> a.version().getOffset() > b.version().getOffset() ? a : b);
          }
          matched[0] += page.size();
        });
    return new DeletedImages(matched[0], lasts.values().stream().map(Accepted::token).toList());
  }

  private ImageEvent deleted() {
    return ImageEvent.newBuilder()
        .setDeleted(
            Deleted.newBuilder()
                .setAcceptedAt(Timestamps.of(clock.instant()))
                .setRequestId(UUID.randomUUID().toString()))
        .build();
  }

  /**
   * @throws RefusedException INVALID_FILTER for an empty one, which would mean every image
   */
  static void requireFilter(String filter) {
    if (filter.isBlank()) {
      throw new RefusedException(
          ErrorCode.INVALID_FILTER, "the filter is empty; use \"true\" for every image");
    }
  }

  /**
   * Offers a rejected image to the model again.
   *
   * @throws RefusedException IMAGE_NOT_FOUND, NOT_REJECTED, NOT_RETRYABLE, SUPERSEDED when a newer
   *     version is on its way, QUERY_UNAVAILABLE, BROKER_UNAVAILABLE
   */
  public Accepted retry(String collectionName, String imageId) {
    ImageIds.checked(imageId);
    Collection collection = catalogue.get(collectionName).collection();
    ImageEntry entry = index.known(collection.getId(), imageId);
    if (entry.getState() != ImageState.IMAGE_STATE_REJECTED) {
      throw new RefusedException(ErrorCode.NOT_REJECTED, "the image is not rejected");
    }
    if (entry.getReason().equals(RECORD_UNREADABLE)) {
      throw new RefusedException(
          ErrorCode.NOT_RETRYABLE,
          "its record in the log cannot be read (RECORD_UNREADABLE): upload the image again");
    }
    ImageVersion version = entry.getVersion();
    Stored before =
        log.stored(collection, imageId, version)
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.SUPERSEDED, "a newer version of the image is in the log"));
    if (log.holdsNewer(collection, imageId, version, applied(collection, version))) {
      throw new RefusedException(
          ErrorCode.SUPERSEDED, "a newer version of the image is being indexed");
    }
    Stored again =
        before.toBuilder()
            .setAcceptedAt(Timestamps.of(clock.instant()))
            .setRequestId(UUID.randomUUID().toString())
            .setAttempt(before.getAttempt() + 1)
            .setRetryOf(version)
            .build();
    return log.append(collection, imageId, ImageEvent.newBuilder().setStored(again).build());
  }

  /** The index has read everything before this offset. */
  private long applied(Collection collection, ImageVersion version) {
    return index.index(collection.getId()).getPartitionsList().stream()
        .filter(position -> position.getPartition() == version.getPartition())
        .mapToLong(PartitionPosition::getApplied)
        .findFirst()
        .orElse(0);
  }
}
