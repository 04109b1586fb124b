package dev.lookalike.ingest.images;

import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.records.Append;
import dev.lookalike.ingest.records.Timestamps;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Tokens;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.AttributeAnnotation;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.LabelsAnnotation;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.UploadToken;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Changes attributes and labels of images, as annotations: one record for each attribute and one
 * for the labels, in the partition of the image. Thread-safe; blocks the caller.
 */
public final class Patches {
  /** The records of a page are appended as soon as there are this many. */
  private static final int RECORDS_AT_ONCE = 1000;

  private final Catalogue catalogue;
  private final ImageLog log;
  private final ImageIndex index;
  private final InstantSource clock;

  public Patches(Catalogue catalogue, ImageLog log, ImageIndex index, InstantSource clock) {
    this.catalogue = catalogue;
    this.log = log;
    this.index = index;
    this.clock = clock;
  }

  /**
   * Patches one image.
   *
   * @param token of the upload to patch; empty: the version that the index knows
   * @return the version that was patched
   * @throws RefusedException INVALID_IMAGE_ID, INVALID_TOKEN, IMAGE_NOT_FOUND, NOT_SEARCHABLE,
   *     COLLECTION_NOT_FOUND, QUERY_UNAVAILABLE, BROKER_UNAVAILABLE
   */
  public ImageVersion patch(String collectionName, String imageId, Patch patch, String token) {
    ImageIds.checked(imageId);
    Collection collection = catalogue.get(collectionName).collection();
    ImageVersion version =
        token.isEmpty() ? current(collection, imageId) : ofToken(collection, imageId, token);
    List<Append> records = records(collection, imageId, version, patch);
    log.appendAll(collection, records);
    return version;
  }

  /**
   * Patches every searchable image that a filter matches, page by page: a failure in between does
   * not undo earlier pages.
   *
   * @return images patched
   * @throws RefusedException INVALID_FILTER, COLLECTION_NOT_FOUND, QUERY_UNAVAILABLE,
   *     BROKER_UNAVAILABLE
   */
  public long patchMatching(String collectionName, String filter, Patch patch) {
    Images.requireFilter(filter);
    Collection collection = catalogue.get(collectionName).collection();
    long[] matched = new long[1];
    index.matching(
        collection.getId(),
        filter,
        page -> {
          List<Append> records = new ArrayList<>();
          for (ImageEntry entry : page) {
            records.addAll(records(collection, entry.getImageId(), entry.getVersion(), patch));
            if (records.size() >= RECORDS_AT_ONCE) {
              log.appendAll(collection, records);
              records.clear();
            }
          }
          log.appendAll(collection, records);
          matched[0] += page.size();
        });
    return matched[0];
  }

  private ImageVersion current(Collection collection, String imageId) {
    ImageEntry entry = index.known(collection.getId(), imageId);
    if (entry.getState() != ImageState.IMAGE_STATE_SEARCHABLE) {
      throw new RefusedException(ErrorCode.NOT_SEARCHABLE, "the image was rejected or deleted");
    }
    return entry.getVersion();
  }

  private static ImageVersion ofToken(Collection collection, String imageId, String token) {
    UploadToken upload =
        Tokens.decode(token)
            .orElseThrow(
                () -> new RefusedException(ErrorCode.INVALID_TOKEN, "the token cannot be read"));
    if (!upload.getCollectionId().equals(collection.getId())
        || !upload.getImageId().equals(imageId)
        || upload.getVersion().getPartition()
            != Keys.partition(imageId, collection.getPartitions())) {
      throw new RefusedException(ErrorCode.INVALID_TOKEN, "the token belongs to another image");
    }
    return upload.getVersion();
  }

  private List<Append> records(
      Collection collection, String imageId, ImageVersion version, Patch patch) {
    AnnotationEvent shared =
        AnnotationEvent.newBuilder()
            .setImageVersion(version)
            .setAnnotatedAt(Timestamps.of(clock.instant()))
            .setRequestId(UUID.randomUUID().toString())
            .build();
    List<Append> records = new ArrayList<>();
    patch
        .set()
        .forEach(
            (name, value) ->
                records.add(
                    attribute(collection, imageId, shared, attribute(name).setValue(value))));
    for (String name : patch.remove()) {
      records.add(attribute(collection, imageId, shared, attribute(name)));
    }
    patch
        .labels()
        .ifPresent(
            labels ->
                records.add(
                    record(
                        collection,
                        imageId,
                        Keys.labels(imageId, LabelSource.LABEL_SOURCE_USER, version),
                        shared.toBuilder()
                            .setLabels(
                                LabelsAnnotation.newBuilder()
                                    .setSource(LabelSource.LABEL_SOURCE_USER)
                                    .addAllLabels(labels))
                            .build())));
    return records;
  }

  /** Without a value it removes the attribute. */
  private static AttributeAnnotation.Builder attribute(String name) {
    return AttributeAnnotation.newBuilder().setName(name);
  }

  private static Append attribute(
      Collection collection,
      String imageId,
      AnnotationEvent shared,
      AttributeAnnotation.Builder attribute) {
    return record(
        collection,
        imageId,
        Keys.attribute(imageId, attribute.getName(), shared.getImageVersion()),
        shared.toBuilder().setAttribute(attribute).build());
  }

  private static Append record(
      Collection collection, String imageId, byte[] key, AnnotationEvent event) {
    return new Append(
        Topics.annotations(collection.getId()),
        Keys.partition(imageId, collection.getPartitions()),
        key,
        event.toByteArray());
  }
}
