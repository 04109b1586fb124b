package dev.lookalike.query.search;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.State;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.search.Vectors.Weighted;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * What a search looks for.
 *
 * @param values unit length
 * @param examples admits the images that the examples themselves are
 */
record QueryVector(float[] values, Filter examples) {
  private static final Logger LOG = Logger.getLogger(QueryVector.class);

  /**
   * Combines the examples of a search.
   *
   * @throws RefusedException IMAGE_NOT_FOUND, INVALID_VECTOR, or the refusal of an image
   */
  static QueryVector of(Embedded.Search search) {
    Query query = search.checked().query();
    VectorIndex index = search.checked().ready().index();
    Iterator<EmbedResult> images = search.images().iterator();
    List<Filter> themselves = new ArrayList<>();
    List<Weighted> positives = new ArrayList<>();
    List<Weighted> negatives = new ArrayList<>();
    query.positives().forEach(it -> positives.add(weighted(it, index, images, themselves)));
    query.negatives().forEach(it -> negatives.add(weighted(it, index, images, themselves)));
    return new QueryVector(
        Vectors.combine(positives, negatives, index.dimension()), new Filter.Or(themselves));
  }

  private static Weighted weighted(
      Example example, VectorIndex index, Iterator<EmbedResult> images, List<Filter> themselves) {
    float[] vector =
        switch (example.getKindCase()) {
          case IMAGE -> ofImage(images.next(), index.dimension(), themselves);
          case IMAGE_ID -> ofId(example.getImageId(), index, themselves);
          case VECTOR ->
              Vectors.unit(
                  example.getVector().getValuesList(), index.dimension(), ErrorCode.INVALID_VECTOR);
          case KIND_NOT_SET -> throw new IllegalStateException("an unchecked example");
        };
    return new Weighted(vector, example.getWeight() == 0 ? 1 : example.getWeight());
  }

  private static float[] ofImage(EmbedResult result, int dimension, List<Filter> themselves) {
    if (!result.hasEmbedding()) {
      throw new RefusedException(
          known(result.getRefused().getCode()), result.getRefused().getMessage());
    }
    ByteString sha256 = result.getEmbedding().getSha256();
    if (!sha256.isEmpty()) {
      themselves.add(new Filter.OriginalIs(sha256));
    }
    return Vectors.unit(
        result.getEmbedding().getValuesList(), dimension, ErrorCode.EMBED_UNAVAILABLE);
  }

  /** A code of embed-service as one of ours. */
  private static ErrorCode known(String name) {
    return ErrorCode.named(name)
        .orElseGet(
            () -> {
              LOG.warnf(
                  "embed-service refuses with a code that the contract does not have: %s", name);
              return ErrorCode.INVALID_ARGUMENT;
            });
  }

  private static float[] ofId(String imageId, VectorIndex index, List<Filter> themselves) {
    Entry entry =
        index.get(List.of(imageId), true).stream()
            .filter(known -> known.state() == State.SEARCHABLE)
            .findFirst()
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.IMAGE_NOT_FOUND,
                        "No searchable image " + Refusing.shortened(imageId) + " is known."));
    themselves.add(new Filter.IdOneOf(List.of(entry.imageId())));
    if (!entry.originalSha256().isEmpty()) {
      themselves.add(new Filter.OriginalIs(entry.originalSha256()));
    }
    return entry.embedding().orElseThrow();
  }
}
