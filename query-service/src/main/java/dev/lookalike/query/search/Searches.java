package dev.lookalike.query.search;

import com.google.protobuf.ByteString;
import dev.lookalike.log.Tokens;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.embed.v1.QueryImage;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.proto.search.v1.Group;
import dev.lookalike.proto.search.v1.Hit;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.SearchBatchRequest;
import dev.lookalike.proto.search.v1.SearchBatchResponse;
import dev.lookalike.proto.search.v1.SearchRefusal;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.proto.search.v1.SearchResponse;
import dev.lookalike.proto.search.v1.SearchResult;
import dev.lookalike.proto.search.v1.TokenStatus;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Neighbour;
import dev.lookalike.query.index.State;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.log.Indexes;
import dev.lookalike.query.log.Indexes.Lookup;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.metrics.QueryMetrics.SearchKind;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Finds the images most similar to examples. A search goes through these steps: check and resolve,
 * wait for tokens, embed query images (those of a batch together), combine the examples into one
 * vector, ask the index, shape the answer.
 */
public final class Searches {
  private static final int DEFAULT_K = 10;
  private static final int MAX_K = 1000;
  private static final int MAX_GROUP_SIZE = 10;
  private static final int MAX_EXAMPLES = 64;
  private static final int MAX_BATCH = 64;
  private static final int MAX_TOKENS = 1000;
  private static final Duration DEFAULT_WAIT = Duration.ofSeconds(10);

  /** Of an upload, and so of a query image. */
  private static final int MAX_IMAGE_BYTES = 32 << 20;

  /** Pages up to this depth are taken from an approximate search, deeper ones from an exact one. */
  private static final int MAX_APPROXIMATE_DEPTH = 1000;

  private final Arrivals arrivals;
  private final EmbedClient embed;
  private final Entries entries;
  private final Statuses statuses;
  private final QueryMetrics metrics;
  private final Gate gate;
  private final Gate imageGate;

  public Searches(
      Indexes indexes,
      EmbedClient embed,
      Entries entries,
      Statuses statuses,
      SearchSettings settings,
      QueryMetrics metrics) {
    this.arrivals = new Arrivals(indexes, settings);
    this.embed = embed;
    this.entries = entries;
    this.statuses = statuses;
    this.metrics = metrics;
    this.gate = new Gate(settings.maxConcurrent(), "searches");
    this.imageGate = new Gate(settings.maxConcurrentImages(), "searches by image");
  }

  /** See the contract: Search.Search. */
  public SearchResponse search(SearchRequest request) {
    long start = System.nanoTime();
    Plan plan = plan(request);
    embedAll(List.of(plan));
    SearchResponse response = gate.with(() -> Entries.reading(() -> answer(plan)));
    metrics.searched(plan.kind(), Duration.ofNanos(System.nanoTime() - start));
    return response;
  }

  /**
   * See the contract: Search.SearchBatch.
   *
   * @param readable whether the caller may read a collection, by its name or id
   */
  public SearchBatchResponse searchBatch(SearchBatchRequest request, Predicate<String> readable) {
    if (request.getRequestsCount() < 1 || request.getRequestsCount() > MAX_BATCH) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "Between 1 and " + MAX_BATCH + " requests are needed.");
    }
    long start = System.nanoTime();
    List<Object> plansOrRefusals = new ArrayList<>();
    List<Plan> plans = new ArrayList<>();
    for (SearchRequest each : request.getRequestsList()) {
      try {
        if (!readable.test(each.getCollection())) {
          throw new RefusedException(
              ErrorCode.PERMISSION_DENIED, "The key lacks the role reader in this collection.");
        }
        Plan plan = plan(each);
        plans.add(plan);
        plansOrRefusals.add(plan);
      } catch (RefusedException e) {
        plansOrRefusals.add(e);
      }
    }
    embedAll(plans);
    return gate.with(
        () -> {
          SearchBatchResponse.Builder response = SearchBatchResponse.newBuilder();
          for (Object each : plansOrRefusals) {
            try {
              if (each instanceof RefusedException e) {
                throw e;
              }
              Plan plan = (Plan) each;
              response.addResults(
                  SearchResult.newBuilder().setResponse(Entries.reading(() -> answer(plan))));
              metrics.searched(plan.kind(), Duration.ofNanos(System.nanoTime() - start));
            } catch (RefusedException e) {
              response.addResults(
                  SearchResult.newBuilder()
                      .setRefused(
                          SearchRefusal.newBuilder()
                              .setCode(e.code().name())
                              .setMessage(e.detail())));
            }
          }
          return response.build();
        });
  }

  /** A search that was checked; its images are embedded later. */
  private static final class Plan {
    final SearchRequest request;
    final Lookup.Ready ready;
    final int k;
    final Filter filter;
    final long fingerprint;
    final Optional<Cursor> cursor;
    final List<TokenStatus> tokens;

    /** By position among positives, then negatives; of images only. */
    final Map<Integer, EmbedResult> embedded = new LinkedHashMap<>();

    @Nullable RefusedException embedRefusal;
    String device = "";

    Plan(
        SearchRequest request,
        Lookup.Ready ready,
        int k,
        Filter filter,
        long fingerprint,
        Optional<Cursor> cursor,
        List<TokenStatus> tokens) {
      this.request = request;
      this.ready = ready;
      this.k = k;
      this.filter = filter;
      this.fingerprint = fingerprint;
      this.cursor = cursor;
      this.tokens = tokens;
    }

    List<Example> examples() {
      List<Example> examples = new ArrayList<>(request.getPositivesList());
      examples.addAll(request.getNegativesList());
      return examples;
    }

    SearchKind kind() {
      SearchKind kind = SearchKind.VECTOR;
      for (Example example : examples()) {
        if (example.hasImage()) {
          return SearchKind.IMAGE;
        }
        kind = example.hasImageId() ? SearchKind.ID : kind;
      }
      return kind;
    }
  }

  private Plan plan(SearchRequest request) {
    Lookup.Ready before = arrivals.ready(request.getCollection());
    check(request);
    Filter filter = Entries.filter(request.getFilter());
    List<TokenStatus> tokens = awaitTokens(request, before.collection());
    // Looked up again, since the wait may have outlived an index.
    Lookup.Ready ready = arrivals.ready(request.getCollection());
    long fingerprint =
        Cursor.fingerprint(
            request.toBuilder().clearCursor().clearTokens().clearWait().build(),
            ready.follower().build().getId());
    return new Plan(
        request,
        ready,
        request.getK() == 0 ? DEFAULT_K : request.getK(),
        filter,
        fingerprint,
        request.getCursor().isEmpty()
            ? Optional.empty()
            : Optional.of(Cursor.read(request.getCursor(), fingerprint)),
        tokens);
  }

  private static void check(SearchRequest request) {
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
    request.getPositivesList().forEach(Searches::check);
    request.getNegativesList().forEach(Searches::check);
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
      case IMAGE -> {
        if (example.getImage().isEmpty()) {
          throw new RefusedException(ErrorCode.EMPTY, "The query image has no bytes.");
        }
        if (example.getImage().size() > MAX_IMAGE_BYTES) {
          throw new RefusedException(
              ErrorCode.TOO_MANY_BYTES, "A query image may have 32 MiB at most.");
        }
        if (example.hasRegion()) {
          var region = example.getRegion();
          boolean valid =
              inside(region.getX(), region.getWidth()) && inside(region.getY(), region.getHeight());
          if (!valid) {
            throw new RefusedException(
                ErrorCode.INVALID_REGION,
                "A region lies within 0..1, and its width and height are positive.");
          }
        }
      }
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

  private static boolean inside(float start, float length) {
    // Room for the rounding of start + length.
    return start >= 0 && start < 1 && length > 0 && (double) start + length <= 1 + 1e-6;
  }

  private List<TokenStatus> awaitTokens(SearchRequest request, Collection collection) {
    if (request.getTokensCount() == 0) {
      return List.of();
    }
    Duration wait =
        request.hasWait() ? Statuses.duration(request.getWait(), Duration.ZERO) : DEFAULT_WAIT;
    for (String token : request.getTokensList()) {
      if (Tokens.decode(token)
          .filter(read -> !read.getCollectionId().equals(collection.getId()))
          .isPresent()) {
        throw new RefusedException(
            ErrorCode.INVALID_TOKEN, "A token names an upload to another collection.");
      }
    }
    List<TokenStatus> tokens = statuses.await(request.getTokensList(), wait);
    long pending =
        tokens.stream().filter(t -> t.getState() == ImageState.IMAGE_STATE_PENDING).count();
    if (pending > 0) {
      throw new RefusedException(
          ErrorCode.TOKEN_NOT_REACHED,
          pending + " of the uploads named by tokens have no outcome yet.");
    }
    return tokens;
  }

  /**
   * Embeds the images of all plans, as many in one call as fit. A refusal stays with its plan.
   * Collections with the same model have builds of the same id, and yet bounds of their own.
   */
  private void embedAll(List<Plan> plans) {
    if (plans.stream().noneMatch(plan -> plan.kind() == SearchKind.IMAGE)) {
      return;
    }
    imageGate.with(
        () -> {
          Map<String, List<Plan>> byBuild = new LinkedHashMap<>();
          for (Plan plan : plans) {
            byBuild
                .computeIfAbsent(
                    plan.ready.collection().getId() + "/" + plan.ready.follower().build().getId(),
                    id -> new ArrayList<>())
                .add(plan);
          }
          byBuild.values().forEach(this::embedOfBuild);
          return plans;
        });
  }

  private record Wanted(Plan plan, int position, QueryImage image) {}

  private void embedOfBuild(List<Plan> plans) {
    List<Wanted> chunk = new ArrayList<>();
    long bytes = 0;
    for (Plan plan : plans) {
      List<Example> examples = plan.examples();
      for (int position = 0; position < examples.size(); position++) {
        Example example = examples.get(position);
        if (!example.hasImage()) {
          continue;
        }
        if (chunk.size() == EmbedClient.MAX_IMAGES
            || (!chunk.isEmpty() && bytes + example.getImage().size() > MAX_IMAGE_BYTES)) {
          embedChunk(chunk);
          chunk.clear();
          bytes = 0;
        }
        QueryImage.Builder image = QueryImage.newBuilder().setImage(example.getImage());
        if (example.hasRegion()) {
          image.setRegion(example.getRegion());
        }
        chunk.add(new Wanted(plan, position, image.build()));
        bytes += example.getImage().size();
      }
    }
    if (!chunk.isEmpty()) {
      embedChunk(chunk);
    }
  }

  private void embedChunk(List<Wanted> chunk) {
    var follower = chunk.get(0).plan().ready.follower();
    EmbedImagesRequest.Builder request =
        EmbedImagesRequest.newBuilder()
            .setCollectionId(follower.collection().getId())
            .setBuildId(follower.build().getId());
    chunk.forEach(wanted -> request.addImages(wanted.image()));
    try {
      EmbedImagesResponse response = embed.embed(request.build());
      if (!response.getBuildId().isEmpty()
          && !response.getBuildId().equals(follower.build().getId())) {
        throw new RefusedException(
            ErrorCode.EMBED_UNAVAILABLE, "The embedding service has another model than the index.");
      }
      for (int i = 0; i < chunk.size(); i++) {
        Wanted wanted = chunk.get(i);
        wanted.plan().embedded.put(wanted.position(), response.getResults(i));
        wanted.plan().device = response.getDevice();
      }
    } catch (RefusedException e) {
      chunk.forEach(wanted -> wanted.plan().embedRefusal = e);
    }
  }

  private SearchResponse answer(Plan plan) {
    if (plan.embedRefusal != null) {
      throw plan.embedRefusal;
    }
    SearchRequest request = plan.request;
    VectorIndex index = plan.ready.index();
    List<Filter> excluded = new ArrayList<>();
    float[] vector = queryVector(plan, excluded);
    Filter filter =
        request.getExcludeSelf()
            ? Filter.both(plan.filter, new Filter.Not(new Filter.Or(excluded)))
            : plan.filter;
    SearchResponse.Builder response =
        SearchResponse.newBuilder()
            .setModel(plan.ready.follower().build().getModel())
            .setBuildId(plan.ready.follower().build().getId())
            .setDevice(plan.device)
            .addAllTokens(plan.tokens);
    if (request.getGroupBy().isEmpty()) {
      page(plan, index, vector, filter, response);
    } else {
      groups(plan, index, vector, filter, response);
    }
    return response.build();
  }

  private void page(
      Plan plan,
      VectorIndex index,
      float[] vector,
      Filter filter,
      SearchResponse.Builder response) {
    SearchRequest request = plan.request;
    int depth = plan.cursor.map(Cursor::depth).orElse(0);
    // One more than wanted, to know whether there is a next page.
    int wanted = plan.k + 1;
    List<Neighbour> found = new ArrayList<>();
    boolean approximate = !request.getExact() && depth + wanted <= MAX_APPROXIMATE_DEPTH + 1;
    if (approximate) {
      found.addAll(nearest(plan, index, vector, depth + wanted, filter, Optional.empty()));
      boolean more = found.size() == depth + wanted;
      plan.cursor.ifPresent(
          cursor ->
              found.removeIf(
                  neighbour ->
                      !cursor
                          .place()
                          .isBefore(neighbour.similarity(), neighbour.entry().imageId())));
      // The index has changed since the last page.
      approximate = found.size() >= wanted || !more;
    }
    if (!approximate) {
      found.clear();
      found.addAll(nearest(plan, index, vector, wanted, filter, plan.cursor.map(Cursor::place)));
    }
    found.removeIf(neighbour -> isTooFar(request, neighbour));
    List<Neighbour> shown = found.subList(0, Math.min(plan.k, found.size()));
    shown.forEach(neighbour -> response.addHits(hit(plan, neighbour)));
    if (found.size() > plan.k) {
      Neighbour last = shown.get(plan.k - 1);
      response.setNextCursor(
          new Cursor(plan.fingerprint, depth + plan.k, last.similarity(), last.entry().imageId())
              .text());
    }
  }

  private static boolean isTooFar(SearchRequest request, Neighbour neighbour) {
    return request.hasMinSimilarity() && neighbour.similarity() < request.getMinSimilarity();
  }

  private static List<Neighbour> nearest(
      Plan plan,
      VectorIndex index,
      float[] vector,
      int k,
      Filter filter,
      Optional<Nearest.Place> after) {
    return index.nearest(
        new Nearest(
            vector, k, filter, plan.request.getExact(), after, plan.request.getIncludeVectors()));
  }

  private void groups(
      Plan plan,
      VectorIndex index,
      float[] vector,
      Filter filter,
      SearchResponse.Builder response) {
    SearchRequest request = plan.request;
    int depth = plan.cursor.map(Cursor::depth).orElse(0);
    if (depth + plan.k > Grouping.MAX_GROUPS) {
      throw new RefusedException(
          ErrorCode.INVALID_CURSOR,
          "Groups can be paged to " + Grouping.MAX_GROUPS + "; a filter finds what lies deeper.");
    }
    int size = request.getGroupSize() == 0 ? 1 : request.getGroupSize();
    Grouping grouping =
        new Grouping(
            request.getGroupBy(),
            size,
            depth + plan.k + 1,
            (k, admitted) ->
                nearest(plan, index, vector, k, admitted, Optional.empty()).stream()
                    .filter(neighbour -> !isTooFar(request, neighbour))
                    .toList());
    List<Grouping.Found> found = grouping.find(filter);
    for (Grouping.Found group :
        found.subList(Math.min(depth, found.size()), Math.min(depth + plan.k, found.size()))) {
      Group.Builder described = Group.newBuilder().setSize(1);
      if (group.value().isPresent()) {
        AttributeValue value = group.value().get();
        described
            .setValue(value)
            .setSize(index.count(Filter.both(filter, grouping.equalTo(value))));
      }
      for (Neighbour neighbour : group.neighbours()) {
        response.addHits(hit(plan, neighbour).toBuilder().setGroup(described));
      }
    }
    if (found.size() > depth + plan.k) {
      response.setNextCursor(new Cursor(plan.fingerprint, depth + plan.k, 0, "").text());
    }
  }

  private Hit hit(Plan plan, Neighbour neighbour) {
    Entry entry = neighbour.entry();
    Collection collection = plan.ready.collection();
    Hit.Builder hit =
        Hit.newBuilder()
            .setImageId(entry.imageId())
            .setSimilarity(neighbour.similarity())
            .addAllLabels(entry.labels())
            .putAllAttributes(entry.attributes())
            .setModel(entry.outcome().getEmbedded().getModel().getId())
            .setVersion(entry.version())
            .setContentUrl(entries.contentUrl(collection, entry.imageId(), entry.version()))
            .setThumbnailUrl(entries.thumbnailUrl(collection, entry.imageId(), entry.version()));
    entry.embedding().ifPresent(embedding -> hit.setVector(Entries.vector(embedding)));
    return hit.build();
  }

  /**
   * normalise(2 P - N), as the contract says.
   *
   * @param excluded gets what excludes the examples themselves
   */
  private static float[] queryVector(Plan plan, List<Filter> excluded) {
    int positives = plan.request.getPositivesCount();
    List<Example> examples = plan.examples();
    int dimension = plan.ready.index().dimension();
    double[] positive = new double[dimension];
    double[] negative = new double[dimension];
    for (int position = 0; position < examples.size(); position++) {
      Example example = examples.get(position);
      float[] vector = vector(plan, position, example, excluded);
      double weight = example.getWeight() == 0 ? 1 : example.getWeight();
      double[] sum = position < positives ? positive : negative;
      for (int i = 0; i < dimension; i++) {
        sum[i] += weight * vector[i];
      }
    }
    normalise(positive, "The positive examples cancel each other out.");
    if (examples.size() > positives) {
      normalise(negative, "The negative examples cancel each other out.");
      for (int i = 0; i < dimension; i++) {
        positive[i] = 2 * positive[i] - negative[i];
      }
      normalise(positive, "The examples cancel each other out.");
    }
    float[] query = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      query[i] = (float) positive[i];
    }
    return query;
  }

  private static float[] vector(Plan plan, int position, Example example, List<Filter> excluded) {
    int dimension = plan.ready.index().dimension();
    return switch (example.getKindCase()) {
      case IMAGE -> {
        EmbedResult result = plan.embedded.get(position);
        if (result == null || !result.hasEmbedding()) {
          String code = result == null ? "" : result.getRefused().getCode();
          throw new RefusedException(
              EmbedClient.known(code), result == null ? "" : result.getRefused().getMessage());
        }
        ByteString sha256 = result.getEmbedding().getSha256();
        if (!sha256.isEmpty()) {
          excluded.add(new Filter.OriginalIs(sha256));
        }
        yield unit(result.getEmbedding().getValuesList(), dimension, ErrorCode.EMBED_UNAVAILABLE);
      }
      case IMAGE_ID -> {
        Entry entry =
            plan.ready.index().get(List.of(example.getImageId()), true).stream()
                .filter(known -> known.state() == State.SEARCHABLE)
                .findFirst()
                .orElseThrow(
                    () ->
                        new RefusedException(
                            ErrorCode.IMAGE_NOT_FOUND,
                            "No searchable image "
                                + Entries.shortened(example.getImageId())
                                + " is known."));
        excluded.add(new Filter.IdOneOf(List.of(entry.imageId())));
        if (!entry.originalSha256().isEmpty()) {
          excluded.add(new Filter.OriginalIs(entry.originalSha256()));
        }
        yield entry.embedding().orElseThrow();
      }
      case VECTOR -> unit(example.getVector().getValuesList(), dimension, ErrorCode.INVALID_VECTOR);
      case KIND_NOT_SET -> throw new IllegalStateException("an unchecked example");
    };
  }

  private static float[] unit(List<Float> values, int dimension, ErrorCode otherwise) {
    if (values.size() != dimension) {
      throw new RefusedException(
          otherwise,
          "The vector has " + values.size() + " dimensions, the model " + dimension + ".");
    }
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    double norm = Math.sqrt(squares);
    if (!(norm > 0) || Double.isInfinite(norm)) {
      throw new RefusedException(
          otherwise, "The vector is zero or has values that are no numbers.");
    }
    float[] unit = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      unit[i] = (float) (values.get(i) / norm);
    }
    return unit;
  }

  private static void normalise(double[] vector, String refusal) {
    double squares = 0;
    for (double value : vector) {
      squares += value * value;
    }
    double norm = Math.sqrt(squares);
    // What is left of unit vectors after cancelling out is rounding, without a direction.
    if (!(norm > 1e-6)) {
      throw new RefusedException(ErrorCode.INVALID_VECTOR, refusal);
    }
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= norm;
    }
  }

  private static RefusedException invalid(String message) {
    return new RefusedException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
