package dev.lookalike.ingest.images;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnsafeByteOperations;
import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.CanonicalResult;
import dev.lookalike.ingest.blobs.BlobKey;
import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.ingest.client.QueryClient;
import dev.lookalike.ingest.collections.Collections;
import dev.lookalike.ingest.log.Append;
import dev.lookalike.ingest.log.LogReader;
import dev.lookalike.ingest.log.LogWriter;
import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Tokens;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.Deleted;
import dev.lookalike.proto.events.v1.ImageEvent;
import dev.lookalike.proto.events.v1.Stored;
import dev.lookalike.proto.image.v1.BlobReference;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.proto.image.v1.CanonicalImage;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.OriginalImage;
import dev.lookalike.proto.image.v1.UploadToken;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jboss.logging.Logger;

/**
 * Accepts images, deletes them, offers them again. An image is accepted when the broker has
 * acknowledged its record; the place of the record is its version. Thread-safe; blocks the caller.
 */
@Singleton
public class Images {
  private static final Logger LOG = Logger.getLogger(Images.class);

  /** The reason that embed-service gives where a record holds no image that could be read. */
  private static final String RECORD_UNREADABLE = "RECORD_UNREADABLE";

  private final Collections collections;
  private final Decoders decoders;
  private final BlobStore blobs;
  private final LogWriter writer;
  private final LogReader reader;
  private final QueryClient search;
  private final IngestMetrics metrics;

  public Images(
      Collections collections,
      Decoders decoders,
      BlobStore blobs,
      LogWriter writer,
      LogReader reader,
      QueryClient search,
      IngestMetrics metrics) {
    this.collections = collections;
    this.decoders = decoders;
    this.blobs = blobs;
    this.writer = writer;
    this.reader = reader;
    this.search = search;
    this.metrics = metrics;
  }

  /**
   * What a delete by filter did.
   *
   * @param tokens of the last delete of each partition
   */
  public record DeletedImages(long matched, List<String> tokens) {}

  /**
   * Refuses ahead of reading an upload what has nowhere to go.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, BROKER_UNAVAILABLE
   */
  public void requireCollection(String collectionName) {
    collections.get(collectionName);
  }

  /**
   * Accepts one image.
   *
   * @param untrusted at least one byte; not kept
   * @throws RefusedException the code of what is wrong with the image, COLLECTION_NOT_FOUND,
   *     BROKER_UNAVAILABLE, STORAGE_UNAVAILABLE
   */
  public Accepted put(PutCommand command, byte[] untrusted) {
    Collection collection = collections.get(command.collection()).collection();
    CanonicalBounds bounds = collection.getBounds();
    CanonicalResult.Canonical canonical =
        switch (decoders.canonicalize(
            untrusted,
            new Bounds(
                bounds.getShortSide(),
                bounds.getLongSide(),
                bounds.getJpegQuality(),
                bounds.getMaxBytes()))) {
          case CanonicalResult.Canonical image -> image;
          case CanonicalResult.Refused refused ->
              throw new RefusedException(
                  ErrorCode.valueOf(refused.reason().name()), refused.detail());
        };
    String imageId = command.id().orElseGet(() -> ImageIds.ofContent(untrusted));
    byte[] sha256 = ImageIds.sha256().digest(untrusted);
    OriginalImage.Builder original =
        OriginalImage.newBuilder()
            .setMediaType(canonical.originalFormat().mediaType())
            .setWidth(canonical.originalWidth())
            .setHeight(canonical.originalHeight())
            .setSha256(ByteString.copyFrom(sha256))
            .setSizeBytes(untrusted.length);
    if (collection.getKeepOriginals()) {
      original.setBlob(keep(collection, imageId, sha256, untrusted));
    }
    byte[] jpeg = canonical.image().jpeg();
    Stored stored =
        Stored.newBuilder()
            .setCanonical(
                CanonicalImage.newBuilder()
                    .setMediaType("image/jpeg")
                    .setWidth(canonical.image().width())
                    .setHeight(canonical.image().height())
                    .setSha256(ByteString.copyFrom(ImageIds.sha256().digest(jpeg)))
                    .setInline(UnsafeByteOperations.unsafeWrap(jpeg)))
            .setOriginal(original)
            .setBounds(bounds)
            .putAllAttributes(command.attributes())
            .addAllLabels(command.labels())
            .setAcceptedAt(now())
            .setRequestId(UUID.randomUUID().toString())
            .setAttempt(1)
            .build();
    Accepted accepted =
        append(collection, imageId, ImageEvent.newBuilder().setStored(stored).build());
    metrics.uploaded(untrusted.length);
    return accepted;
  }

  /** The original is on disk before the record that speaks of it is written. */
  private BlobReference keep(
      Collection collection, String imageId, byte[] sha256, byte[] untrusted) {
    BlobKey key = BlobKey.of(collection.getId(), imageId, sha256);
    try {
      blobs.put(key, imageId, untrusted);
    } catch (IOException e) {
      LOG.errorf("cannot keep the original %s: %s", key.text(), e);
      throw new RefusedException(
          ErrorCode.STORAGE_UNAVAILABLE, "the original cannot be kept now; nothing was accepted");
    }
    return BlobReference.newBuilder().setKey(key.text()).setSizeBytes(untrusted.length).build();
  }

  /**
   * Deletes an image, also one that is not there.
   *
   * @throws RefusedException INVALID_IMAGE_ID, COLLECTION_NOT_FOUND, BROKER_UNAVAILABLE
   */
  public Accepted delete(String collectionName, String imageId) {
    ImageIds.checked(imageId);
    return append(collections.get(collectionName).collection(), imageId, deleted());
  }

  /**
   * Deletes every searchable image that a filter matches, page by page: a failure in between leaves
   * what was deleted before deleted.
   *
   * @throws RefusedException INVALID_FILTER, QUERY_UNAVAILABLE, BROKER_UNAVAILABLE,
   *     COLLECTION_NOT_FOUND
   */
  public DeletedImages deleteMatching(String collectionName, String filter) {
    requireFilter(filter);
    Collection collection = collections.get(collectionName).collection();
    Map<Integer, Accepted> lasts = new TreeMap<>();
    long[] matched = new long[1];
    search.matching(
        collection.getId(),
        filter,
        page -> {
          List<String> ids = page.getImagesList().stream().map(ImageEntry::getImageId).toList();
          List<Append> records = ids.stream().map(id -> record(collection, id, deleted())).toList();
          List<Long> offsets = appendAll(collection, records);
          for (int i = 0; i < ids.size(); i++) {
            Accepted delete =
                accepted(collection, ids.get(i), records.get(i).partition(), offsets.get(i));
            lasts.merge(
                records.get(i).partition(),
                delete,
                (a, b) -> a.version().getOffset() > b.version().getOffset() ? a : b);
          }
          matched[0] += ids.size();
        });
    return new DeletedImages(matched[0], lasts.values().stream().map(Accepted::token).toList());
  }

  /**
   * Offers a rejected image to the models again.
   *
   * @throws RefusedException IMAGE_NOT_FOUND, NOT_REJECTED, NOT_RETRYABLE, SUPERSEDED when a newer
   *     version is on its way, QUERY_UNAVAILABLE, BROKER_UNAVAILABLE
   */
  public Accepted retry(String collectionName, String imageId) {
    ImageIds.checked(imageId);
    Collection collection = collections.get(collectionName).collection();
    ImageEntry entry = known(collection, imageId);
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
        stored(collection, imageId, version)
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.SUPERSEDED, "a newer version of the image is in the log"));
    if (reader.holdsKey(
        Topics.images(collection.getId()),
        version.getPartition(),
        Keys.image(imageId),
        Math.max(version.getOffset() + 1, applied(collection, version)))) {
      throw new RefusedException(
          ErrorCode.SUPERSEDED, "a newer version of the image is on its way");
    }
    Stored again =
        before.toBuilder()
            .setAcceptedAt(now())
            .setRequestId(UUID.randomUUID().toString())
            .setAttempt(before.getAttempt() + 1)
            .setRetryOf(version)
            .build();
    return append(collection, imageId, ImageEvent.newBuilder().setStored(again).build());
  }

  /** Up to here the index has seen everything, so nothing newer hides before. */
  private long applied(Collection collection, ImageVersion version) {
    return search.index(collection.getId()).getPartitionsList().stream()
        .filter(position -> position.getPartition() == version.getPartition())
        .mapToLong(PartitionPosition::getApplied)
        .findFirst()
        .orElse(0);
  }

  /**
   * What the index knows of an image.
   *
   * @throws RefusedException IMAGE_NOT_FOUND, QUERY_UNAVAILABLE
   */
  public ImageEntry known(Collection collection, String imageId) {
    return search
        .image(collection.getId(), imageId)
        .orElseThrow(() -> new RefusedException(ErrorCode.IMAGE_NOT_FOUND, "no such image"));
  }

  /**
   * The record of a version, if it is still in the log and of this image.
   *
   * @throws RefusedException FULL, BROKER_UNAVAILABLE
   */
  public Optional<Stored> stored(Collection collection, String imageId, ImageVersion version) {
    if (version.getGeneration() != collection.getGeneration()
        || version.getPartition() != Keys.partition(imageId, collection.getPartitions())) {
      return Optional.empty();
    }
    Optional<ConsumerRecord<byte[], byte[]>> record =
        reader.read(Topics.images(collection.getId()), version.getPartition(), version.getOffset());
    if (record.isEmpty()
        || record.get().key() == null
        || !Keys.imageId(record.get().key()).equals(imageId)
        || record.get().value() == null) {
      return Optional.empty();
    }
    try {
      ImageEvent event = ImageEvent.parseFrom(record.get().value());
      return event.hasStored() ? Optional.of(event.getStored()) : Optional.empty();
    } catch (InvalidProtocolBufferException e) {
      LOG.errorf(
          "record %d of partition %d of collection %s cannot be read: %s",
          version.getOffset(), version.getPartition(), collection.getId(), e);
      return Optional.empty();
    }
  }

  private Accepted append(Collection collection, String imageId, ImageEvent event) {
    Append record = record(collection, imageId, event);
    long offset = appendAll(collection, List.of(record)).getFirst();
    return accepted(collection, imageId, record.partition(), offset);
  }

  /** A collection that is deleted meanwhile takes its records along, also those acknowledged. */
  List<Long> appendAll(Collection collection, List<Append> records) {
    List<Long> offsets;
    try {
      offsets = writer.appendAll(records);
    } catch (RefusedException e) {
      if (e.code() == ErrorCode.BROKER_UNAVAILABLE) {
        collections.requireExisting(collection);
      }
      throw e;
    }
    collections.requireExisting(collection);
    return offsets;
  }

  private static Append record(Collection collection, String imageId, ImageEvent event) {
    return new Append(
        Topics.images(collection.getId()),
        Keys.partition(imageId, collection.getPartitions()),
        Keys.image(imageId),
        event.toByteArray());
  }

  private static Accepted accepted(
      Collection collection, String imageId, int partition, long offset) {
    ImageVersion version =
        ImageVersion.newBuilder()
            .setGeneration(collection.getGeneration())
            .setPartition(partition)
            .setOffset(offset)
            .build();
    UploadToken token =
        UploadToken.newBuilder()
            .setCollectionId(collection.getId())
            .setImageId(imageId)
            .setVersion(version)
            .build();
    return new Accepted(collection.getName(), imageId, version, Tokens.encode(token));
  }

  private static ImageEvent deleted() {
    return ImageEvent.newBuilder()
        .setDeleted(
            Deleted.newBuilder().setAcceptedAt(now()).setRequestId(UUID.randomUUID().toString()))
        .build();
  }

  static void requireFilter(String filter) {
    if (filter.isBlank()) {
      throw new RefusedException(
          ErrorCode.INVALID_FILTER, "the filter is empty; \"true\" means every image");
    }
  }

  static Timestamp now() {
    Instant now = Instant.now();
    return Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()).build();
  }
}
