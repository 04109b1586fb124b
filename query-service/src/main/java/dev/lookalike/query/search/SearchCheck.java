package dev.lookalike.query.search;

import dev.lookalike.proto.image.v1.Region;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.Optional;

/** Checks what a search asks for, without looking at any index. */
final class SearchCheck {
  /** Of a query image, and of the images of one call to embed-service. */
  static final int MAX_IMAGE_BYTES = 32 << 20;

  private static final int DEFAULT_K = 10;
  private static final int MAX_K = 1000;
  private static final int MAX_GROUP_SIZE = 10;
  private static final int MAX_EXAMPLES = 64;
  private static final int MAX_TOKENS = 1000;
  private static final Duration DEFAULT_WAIT = Duration.ofSeconds(10);

  private SearchCheck() {}

  /**
   * The query of a valid request.
   *
   * @throws RefusedException INVALID_ARGUMENT, INVALID_REGION, INVALID_IMAGE_ID, INVALID_FILTER,
   *     EMPTY, TOO_MANY_BYTES
   */
  static Query check(SearchRequest request) {
    if (request.getPositivesCount() < 1) {
      throw invalid("At least one positive example is needed.");
    }
    if (request.getPositivesCount() + request.getNegativesCount() > MAX_EXAMPLES) {
      throw invalid("At most " + MAX_EXAMPLES + " examples are allowed.");
    }
    if (request.getK() < 0 || request.getK() > MAX_K) {
      throw invalid("k must be 1 to " + MAX_K + ".");
    }
    if (request.getGroupSize() < 0 || request.getGroupSize() > MAX_GROUP_SIZE) {
      throw invalid("group_size must be 1 to " + MAX_GROUP_SIZE + ".");
    }
    if (request.getGroupSize() > 0 && request.getGroupBy().isEmpty()) {
      throw invalid("group_size needs group_by.");
    }
    if (request.hasMinSimilarity()
        && !(request.getMinSimilarity() >= -1 && request.getMinSimilarity() <= 1)) {
      throw invalid("min_similarity must be -1 to 1.");
    }
    if (request.getTokensCount() > MAX_TOKENS) {
      throw invalid("At most " + MAX_TOKENS + " tokens are allowed.");
    }
    request.getPositivesList().forEach(SearchCheck::check);
    request.getNegativesList().forEach(SearchCheck::check);
    return new Query(
        request.getPositivesList(),
        request.getNegativesList(),
        request.getK() == 0 ? DEFAULT_K : request.getK(),
        Refusing.filter(request.getFilter()),
        request.getGroupBy().isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Query.Groups(request.getGroupBy(), Math.max(1, request.getGroupSize()))),
        request.hasMinSimilarity() ? Optional.of(request.getMinSimilarity()) : Optional.empty(),
        request.getExcludeSelf(),
        request.getExact(),
        request.getIncludeVectors(),
        request.getTokensList(),
        request.getTokensCount() > 0 && request.hasWait()
            ? Statuses.duration(request.getWait())
            : DEFAULT_WAIT);
  }

  private static void check(Example example) {
    if (!(example.getWeight() >= 0) || Float.isInfinite(example.getWeight())) {
      throw invalid("The weight of an example must be a positive number.");
    }
    if (example.hasRegion() && !example.hasImage()) {
      throw new RefusedException(
          ErrorCode.INVALID_REGION, "A region belongs to an example that is an image.");
    }
    switch (example.getKindCase()) {
      case IMAGE -> checkImage(example);
      case IMAGE_ID -> {
        if (example.getImageId().isEmpty()) {
          throw new RefusedException(
              ErrorCode.INVALID_IMAGE_ID, "An example has an empty image id.");
        }
      }
      case VECTOR -> {}
      case KIND_NOT_SET -> throw invalid("An example needs an image, an image id or a vector.");
    }
  }

  private static void checkImage(Example example) {
    if (example.getImage().isEmpty()) {
      throw new RefusedException(ErrorCode.EMPTY, "The query image has no bytes.");
    }
    if (example.getImage().size() > MAX_IMAGE_BYTES) {
      throw new RefusedException(
          ErrorCode.TOO_MANY_BYTES, "A query image may have 32 MiB at most.");
    }
    Region region = example.getRegion();
    if (example.hasRegion()
        && !(isInside(region.getX(), region.getWidth())
            && isInside(region.getY(), region.getHeight()))) {
      throw new RefusedException(
          ErrorCode.INVALID_REGION,
          "A region lies within 0..1, and its width and height are positive.");
    }
  }

  private static boolean isInside(float start, float length) {
    // Room for the rounding of start + length.
    return start >= 0 && start < 1 && length > 0 && (double) start + length <= 1 + 1e-6;
  }

  private static RefusedException invalid(String message) {
    return new RefusedException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
