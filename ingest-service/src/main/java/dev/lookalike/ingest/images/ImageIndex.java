package dev.lookalike.ingest.images;

import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** What the query service knows of images. Thread-safe; blocks the caller. */
public interface ImageIndex {
  /**
   * What the index knows of an id; empty when it has never heard of it.
   *
   * @throws RefusedException QUERY_UNAVAILABLE
   */
  Optional<ImageEntry> image(String collectionId, String imageId);

  /**
   * Hands every searchable image that the filter matches to {@code page}, at most 1,000 at a time,
   * in the order of their ids.
   *
   * @throws RefusedException INVALID_FILTER, QUERY_UNAVAILABLE
   */
  void matching(String collectionId, String filter, Consumer<List<ImageEntry>> page);

  /**
   * How far the index is.
   *
   * @throws RefusedException QUERY_UNAVAILABLE
   */
  DescribeIndexResponse index(String collectionId);

  /**
   * What the index knows of an image.
   *
   * @throws RefusedException IMAGE_NOT_FOUND, QUERY_UNAVAILABLE
   */
  default ImageEntry known(String collectionId, String imageId) {
    return image(collectionId, imageId)
        .orElseThrow(() -> new RefusedException(ErrorCode.IMAGE_NOT_FOUND, "no such image"));
  }
}
