package dev.lookalike.ingest.images;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.records.Append;
import dev.lookalike.ingest.records.Appender;
import dev.lookalike.ingest.records.LoggedRecord;
import dev.lookalike.ingest.records.RecordReader;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Tokens;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.ImageEvent;
import dev.lookalike.proto.events.v1.Stored;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.UploadToken;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * The records of images: the place of a record is the version of the image. Thread-safe; blocks the
 * caller.
 */
public final class ImageLog {
  private static final Logger LOG = Logger.getLogger(ImageLog.class);

  private final Catalogue catalogue;
  private final Appender log;
  private final RecordReader reader;

  public ImageLog(Catalogue catalogue, Appender log, RecordReader reader) {
    this.catalogue = catalogue;
    this.log = log;
    this.reader = reader;
  }

  /** An image's event, before it is written. */
  record Event(String imageId, ImageEvent event) {}

  /** Appends one event; see {@link #append(Collection, List)}. */
  Accepted append(Collection collection, String imageId, ImageEvent event) {
    return append(collection, List.of(new Event(imageId, event))).getFirst();
  }

  /**
   * Appends events.
   *
   * @return what the broker acknowledged, in the order of the events
   * @throws RefusedException COLLECTION_NOT_FOUND, BROKER_UNAVAILABLE
   */
  List<Accepted> append(Collection collection, List<Event> events) {
    List<Append> records =
        events.stream()
            .map(
                each ->
                    new Append(
                        Topics.images(collection.getId()),
                        Keys.partition(each.imageId(), collection.getPartitions()),
                        Keys.image(each.imageId()),
                        each.event().toByteArray()))
            .toList();
    List<Long> offsets = appendAll(collection, records);
    List<Accepted> accepted = new ArrayList<>(events.size());
    for (int i = 0; i < events.size(); i++) {
      accepted.add(
          accepted(
              collection, events.get(i).imageId(), records.get(i).partition(), offsets.get(i)));
    }
    return accepted;
  }

  /**
   * Appends records to any topic of a collection. A collection that is deleted meanwhile takes its
   * records with it, even acknowledged ones.
   *
   * @throws RefusedException COLLECTION_NOT_FOUND, BROKER_UNAVAILABLE
   */
  List<Long> appendAll(Collection collection, List<Append> records) {
    List<Long> offsets;
    try {
      offsets = log.append(records);
    } catch (RefusedException e) {
      if (e.code() == ErrorCode.BROKER_UNAVAILABLE) {
        catalogue.requireExisting(collection);
      }
      throw e;
    }
    catalogue.requireExisting(collection);
    return offsets;
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

  /**
   * The record of a version, if it is still in the log and belongs to this image.
   *
   * @throws RefusedException FULL, BROKER_UNAVAILABLE
   */
  public Optional<Stored> stored(Collection collection, String imageId, ImageVersion version) {
    if (version.getGeneration() != collection.getGeneration()
        || version.getPartition() != Keys.partition(imageId, collection.getPartitions())) {
      return Optional.empty();
    }
    Optional<LoggedRecord> record =
        reader.read(Topics.images(collection.getId()), version.getPartition(), version.getOffset());
    if (record.isEmpty()) {
      return Optional.empty();
    }
    byte[] key = record.get().key();
    byte[] value = record.get().value();
    if (key == null || value == null || !Keys.imageId(key).equals(imageId)) {
      return Optional.empty();
    }
    try {
      ImageEvent event = ImageEvent.parseFrom(value);
      return event.hasStored() ? Optional.of(event.getStored()) : Optional.empty();
    } catch (InvalidProtocolBufferException e) {
      LOG.errorf(
          "record %d of partition %d of collection %s cannot be read: %s",
          version.getOffset(), version.getPartition(), collection.getId(), e);
      return Optional.empty();
    }
  }

  /**
   * Whether the log holds a record of the image after a version.
   *
   * @param seen records before this offset need not be looked at
   * @throws RefusedException FULL, BROKER_UNAVAILABLE
   */
  boolean holdsNewer(Collection collection, String imageId, ImageVersion version, long seen) {
    return reader.holdsKey(
        Topics.images(collection.getId()),
        version.getPartition(),
        Keys.image(imageId),
        Math.max(version.getOffset() + 1, seen));
  }
}
