package dev.lookalike.query.index.milvus;

import dev.lookalike.query.index.FoldedImage;
import dev.lookalike.query.index.IndexException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads every image that meets a condition, for what the server cannot decide. Thread-safe.
 *
 * @param maxScanned images that one request may have read, at most
 */
record OneByOne(RowReader reader, int maxScanned) {
  /**
   * Makes sure that not too many images meet the condition.
   *
   * @throws IndexException TOO_MUCH
   */
  void require(String condition) {
    long images = reader.count(condition);
    if (images > maxScanned) {
      throw new IndexException(
          IndexException.Kind.TOO_MUCH,
          "it would compare %d images one by one, and at most %d are allowed"
              .formatted(images, maxScanned));
    }
  }

  /**
   * Makes sure that not too many images were read.
   *
   * @throws IndexException TOO_MUCH
   */
  void require(int scanned) {
    if (scanned > maxScanned) {
      throw new IndexException(
          IndexException.Kind.TOO_MUCH,
          "it would look at more than %d images one by one".formatted(maxScanned));
    }
  }

  /**
   * Reads them, page by page, in any order within a page.
   *
   * @param vectors whether their embedding is read too
   */
  void records(String condition, boolean vectors, Consumer<FoldedImage> each) {
    Optional<String> after = Optional.empty();
    while (true) {
      List<String> ids = reader.ids(condition, after, RowReader.MAX_IDS);
      reader.rows(ids, vectors, row -> each.accept(Rows.record(row)));
      if (ids.size() < RowReader.MAX_IDS) {
        return;
      }
      after = Optional.of(ids.get(ids.size() - 1));
    }
  }
}
