package dev.lookalike.query.search;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Message;
import dev.lookalike.log.Topics;
import dev.lookalike.log.Versions;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.Rejected;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.search.v1.CompareIndexRequest;
import dev.lookalike.proto.search.v1.CompareIndexResponse;
import dev.lookalike.proto.search.v1.CountImagesRequest;
import dev.lookalike.proto.search.v1.CountImagesResponse;
import dev.lookalike.proto.search.v1.DescribeIndexRequest;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.GetImageRequest;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.IndexDifference;
import dev.lookalike.proto.search.v1.ListImagesRequest;
import dev.lookalike.proto.search.v1.ListImagesResponse;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.proto.search.v1.RebuildIndexRequest;
import dev.lookalike.proto.search.v1.RebuildIndexResponse;
import dev.lookalike.proto.search.v1.Vector;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.filter.FilterParser;
import dev.lookalike.query.filter.InvalidFilterException;
import dev.lookalike.query.index.Counts;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Listing;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.State;
import dev.lookalike.query.log.Comparison;
import dev.lookalike.query.log.Indexes;
import dev.lookalike.query.log.Indexes.Lookup;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.net.URLEncoder;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** Answers what the index knows: one image, pages of images, counts, how far it is. */
public final class Entries {
  /** Where a topic ends. */
  @FunctionalInterface
  public interface LogEnds {
    /**
     * The next offset of each partition.
     *
     * @return empty if the broker does not tell in time
     */
    Optional<Map<Integer, Long>> of(String topic, int partitions);
  }

  private static final Logger LOG = Logger.getLogger(Entries.class);
  private static final int DEFAULT_PAGE = 100;
  private static final int MAX_PAGE = 1000;

  private final Indexes indexes;
  private final Arrivals arrivals;
  private final LogEnds ends;
  private final String contentUrl;
  private final Gate gate;
  private final Gate comparisons = new Gate(1, "comparisons");
  private final SearchSettings settings;

  /**
   * @param contentUrl where ingest-service is reached by whoever shows the images
   */
  public Entries(Indexes indexes, LogEnds ends, String contentUrl, SearchSettings settings) {
    this.indexes = indexes;
    this.arrivals = new Arrivals(indexes, settings);
    this.ends = ends;
    this.contentUrl =
        contentUrl.endsWith("/") ? contentUrl.substring(0, contentUrl.length() - 1) : contentUrl;
    this.settings = settings;
    this.gate = new Gate(settings.maxConcurrent(), "requests");
  }

  /** See the contract: Search.GetImage. */
  public ImageEntry get(GetImageRequest request) {
    Lookup.Ready ready = arrivals.ready(request.getCollection());
    return gate.with(
        () -> {
          if (request.getImageId().isEmpty()) {
            throw new RefusedException(ErrorCode.INVALID_IMAGE_ID, "An image id is needed.");
          }
          return reading(
              () ->
                  ready
                      .index()
                      .get(List.of(request.getImageId()), request.getIncludeVector())
                      .stream()
                      .findFirst()
                      .map(entry -> entry(ready.collection(), entry))
                      .orElseThrow(
                          () ->
                              new RefusedException(
                                  ErrorCode.IMAGE_NOT_FOUND,
                                  "No image " + request.getImageId() + " is known.")));
        });
  }

  /** See the contract: Search.ListImages. */
  public ListImagesResponse list(ListImagesRequest request) {
    Lookup.Ready ready = arrivals.ready(request.getCollection());
    return gate.with(
        () -> {
          int limit = request.getPageSize() == 0 ? DEFAULT_PAGE : request.getPageSize();
          if (limit < 1 || limit > MAX_PAGE) {
            throw new RefusedException(
                ErrorCode.INVALID_ARGUMENT, "page_size must be 1 to " + MAX_PAGE + ".");
          }
          Filter filter = filter(request.getFilter());
          // Page size and vectors may differ between pages; what is listed may not.
          long fingerprint =
              Cursor.fingerprint(
                  request.toBuilder()
                      .clearCursor()
                      .clearPageSize()
                      .clearIncludeVectors()
                      .setCollection(ready.collection().getId())
                      .build(),
                  "");
          Optional<Cursor> cursor =
              request.getCursor().isEmpty()
                  ? Optional.empty()
                  : Optional.of(Cursor.read(request.getCursor(), fingerprint));
          List<Entry> entries =
              reading(
                  () ->
                      ready
                          .index()
                          .list(
                              new Listing(
                                  filter,
                                  states(request.getStatesList()),
                                  cursor.map(Cursor::imageId),
                                  limit,
                                  request.getIncludeVectors())));
          ListImagesResponse.Builder response = ListImagesResponse.newBuilder();
          entries.forEach(entry -> response.addImages(entry(ready.collection(), entry)));
          if (entries.size() == limit) {
            response.setNextCursor(
                new Cursor(fingerprint, 0, 0, entries.get(limit - 1).imageId()).text());
          }
          return response.build();
        });
  }

  /** See the contract: Search.CountImages. */
  public CountImagesResponse count(CountImagesRequest request) {
    Lookup.Ready ready = arrivals.ready(request.getCollection());
    return gate.with(
        () -> {
          Filter filter = filter(request.getFilter());
          return reading(
              () -> {
                Counts counts = ready.index().counts();
                return CountImagesResponse.newBuilder()
                    .setSearchable(
                        filter.equals(Filter.ALL)
                            ? counts.searchable()
                            : ready.index().count(filter))
                    .setRejected(counts.rejected())
                    .setDeleted(counts.deleted())
                    .build();
              });
        });
  }

  /** See the contract: Search.DescribeIndex. */
  public DescribeIndexResponse describe(DescribeIndexRequest request) {
    return gate.with(
        () -> {
          Lookup.Ready ready =
              ready(indexes.find(request.getCollection()), request.getCollection());
          Collection collection = ready.collection();
          Progress progress = ready.index().progress();
          Map<Integer, Long> ends =
              this.ends
                  .of(Topics.images(collection.getId()), collection.getPartitions())
                  .orElseThrow(
                      () ->
                          new RefusedException(
                              ErrorCode.BROKER_UNAVAILABLE,
                              "The broker does not tell where the log ends."));
          Counts counts = reading(() -> ready.index().counts());
          DescribeIndexResponse.Builder response =
              DescribeIndexResponse.newBuilder()
                  .setCollection(collection.getName())
                  .setCollectionId(collection.getId())
                  .setBuildId(ready.follower().build().getId())
                  .setModel(ready.follower().build().getModel())
                  .setSearchable(counts.searchable())
                  .setRejected(counts.rejected())
                  .setDeleted(counts.deleted())
                  .setRebuilding(indexes.isRebuilding(ready));
          for (int partition = 0; partition < collection.getPartitions(); partition++) {
            response.addPartitions(
                PartitionPosition.newBuilder()
                    .setPartition(partition)
                    .setImagesEnd(ends.getOrDefault(partition, 0L))
                    .setApplied(progress.applied(partition)));
          }
          return response.build();
        });
  }

  /** See the contract: Search.RebuildIndex. */
  public RebuildIndexResponse rebuild(RebuildIndexRequest request) {
    Lookup.Ready ready = ready(indexes.find(request.getCollection()), request.getCollection());
    if (!indexes.writes()) {
      throw new RefusedException(
          ErrorCode.INDEX_SERVES_ONLY,
          "This process only serves (lookalike.index.role); the one that writes the index builds it.");
    }
    return RebuildIndexResponse.newBuilder()
        .setBegun(reading(() -> indexes.rebuild(ready)))
        .build();
  }

  /** See the contract: Search.CompareIndex. */
  public CompareIndexResponse compare(CompareIndexRequest request) {
    return comparisons.with(
        () -> {
          Lookup.Ready ready =
              ready(indexes.find(request.getCollection()), request.getCollection());
          Comparison comparison = reading(() -> indexes.compare(ready, settings.comparePatience()));
          CompareIndexResponse.Builder response =
              CompareIndexResponse.newBuilder()
                  .setCompared(comparison.compared())
                  .setMissing(comparison.missing())
                  .setStale(comparison.stale())
                  .setExtra(comparison.extra());
          comparison
              .examples()
              .forEach(
                  example ->
                      response.addDifferences(
                          IndexDifference.newBuilder()
                              .setImageId(example.imageId())
                              .setDifference(example.difference())));
          return response.build();
        });
  }

  /** The index that was found, or the refusal that says why there is none. */
  static Lookup.Ready ready(Lookup found, String collection) {
    return switch (found) {
      case Lookup.Ready ready -> ready;
      case Lookup.NotReady notReady ->
          throw notReady.away()
              ? new RefusedException(
                  ErrorCode.STORAGE_UNAVAILABLE,
                  "The index cannot be read at the moment: " + notReady.reason() + ".")
              : new RefusedException(
                  ErrorCode.CATCHING_UP,
                  "The index does not answer yet: " + notReady.reason() + ".");
      case Lookup.NotBound notBound ->
          throw new RefusedException(
              ErrorCode.NOT_BOUND, "No model is bound to the collection yet.");
      case Lookup.Unknown unknown ->
          throw new RefusedException(
              ErrorCode.COLLECTION_NOT_FOUND,
              "No collection is named \""
                  + (collection.isEmpty() ? "default" : shortened(collection))
                  + "\".");
    };
  }

  /** What an index cannot do, as a refusal. */
  static <T> T reading(Supplier<T> read) {
    try {
      return read.get();
    } catch (IndexException e) {
      if (e.kind() == IndexException.Kind.TOO_MUCH) {
        throw new RefusedException(
            ErrorCode.INVALID_ARGUMENT,
            "This index does not take the request: " + e.getMessage() + "; narrow the filter.");
      }
      LOG.errorf("the index does not answer: %s", e.getMessage());
      LOG.debug("the index does not answer", e);
      throw new RefusedException(
          ErrorCode.STORAGE_UNAVAILABLE, "The index cannot be read at the moment.");
    }
  }

  static Filter filter(String text) {
    try {
      return FilterParser.parse(text);
    } catch (InvalidFilterException e) {
      throw new RefusedException(ErrorCode.INVALID_FILTER, String.valueOf(e.getMessage()));
    }
  }

  private static Set<State> states(List<ImageState> wanted) {
    if (wanted.isEmpty()) {
      return Set.of(State.SEARCHABLE);
    }
    Set<State> states = EnumSet.noneOf(State.class);
    for (ImageState state : wanted) {
      states.add(
          switch (state) {
            case IMAGE_STATE_SEARCHABLE -> State.SEARCHABLE;
            case IMAGE_STATE_REJECTED -> State.REJECTED;
            case IMAGE_STATE_DELETED -> State.DELETED;
            case IMAGE_STATE_UNSPECIFIED,
                IMAGE_STATE_PENDING,
                IMAGE_STATE_SUPERSEDED,
                UNRECOGNIZED ->
                throw new RefusedException(
                    ErrorCode.INVALID_ARGUMENT,
                    "Images can be listed by the states searchable, rejected and deleted.");
          });
    }
    return states;
  }

  static ImageState state(State state) {
    return switch (state) {
      case SEARCHABLE -> ImageState.IMAGE_STATE_SEARCHABLE;
      case REJECTED -> ImageState.IMAGE_STATE_REJECTED;
      case DELETED -> ImageState.IMAGE_STATE_DELETED;
    };
  }

  private ImageEntry entry(Collection collection, Entry entry) {
    ImageEntry.Builder answer =
        ImageEntry.newBuilder()
            .setImageId(entry.imageId())
            .setState(state(entry.state()))
            .setVersion(entry.version())
            .putAllAttributes(entry.attributes())
            .addAllLabels(entry.labels());
    switch (entry.outcome().getOutcomeCase()) {
      case EMBEDDED -> {
        Embedded embedded = entry.outcome().getEmbedded();
        answer
            .setPerceptualHash(embedded.getPerceptualHash())
            .setModel(embedded.getModel())
            .setDevice(embedded.getDevice());
        copy(embedded.hasCanonical(), embedded.getCanonical(), answer::setCanonical);
        copy(embedded.hasOriginal(), embedded.getOriginal(), answer::setOriginal);
      }
      case REJECTED -> {
        Rejected rejected = entry.outcome().getRejected();
        answer
            .setReason(rejected.getReason())
            .setDetail(rejected.getDetail())
            .setAttempts(rejected.getAttempts());
        copy(rejected.hasOriginal(), rejected.getOriginal(), answer::setOriginal);
      }
      case REMOVED, OUTCOME_NOT_SET -> {}
    }
    copy(entry.outcome().hasAcceptedAt(), entry.outcome().getAcceptedAt(), answer::setAcceptedAt);
    copy(entry.outcome().hasProducedAt(), entry.outcome().getProducedAt(), answer::setEmbeddedAt);
    entry.embedding().ifPresent(embedding -> answer.setVector(vector(embedding)));
    if (entry.state() != State.DELETED) {
      answer
          .setContentUrl(contentUrl(collection, entry.imageId(), entry.version()))
          .setThumbnailUrl(thumbnailUrl(collection, entry.imageId(), entry.version()));
    }
    return answer.build();
  }

  private static <M extends Message> void copy(
      boolean present, M value, java.util.function.Consumer<M> set) {
    if (present) {
      set.accept(value);
    }
  }

  static Vector vector(float[] values) {
    Vector.Builder vector = Vector.newBuilder();
    for (float value : values) {
      vector.addValues(value);
    }
    return vector.build();
  }

  String contentUrl(Collection collection, String imageId, ImageVersion version) {
    return content(collection, imageId) + "?version=" + Versions.text(version);
  }

  String thumbnailUrl(Collection collection, String imageId, ImageVersion version) {
    return content(collection, imageId) + "?variant=thumbnail&version=" + Versions.text(version);
  }

  /**
   * By id: a name may come to mean another collection, and what a URL shows may be kept for ever.
   */
  private String content(Collection collection, String imageId) {
    return contentUrl
        + "/v1/collections/"
        + encoded(collection.getId())
        + "/images/"
        + encoded(imageId)
        + "/content";
  }

  private static String encoded(String segment) {
    return URLEncoder.encode(segment, UTF_8).replace("+", "%20");
  }

  static String shortened(String text) {
    return text.length() <= 64 ? text : text.substring(0, 64) + "...";
  }
}
