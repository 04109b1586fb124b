package dev.lookalike.query.search;

import dev.lookalike.log.Tokens;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.SearchBatchRequest;
import dev.lookalike.proto.search.v1.SearchBatchResponse;
import dev.lookalike.proto.search.v1.SearchRefusal;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.proto.search.v1.SearchResponse;
import dev.lookalike.proto.search.v1.SearchResult;
import dev.lookalike.proto.search.v1.TokenStatus;
import dev.lookalike.query.catalog.Lookup;
import dev.lookalike.query.catalog.Slots;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.metrics.QueryMetrics.SearchKind;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Finds the images most similar to examples. The steps of a search: check the request, wait for
 * tokens, embed query images (those of a batch together), combine the examples into one vector, ask
 * the index, shape the answer. Thread-safe.
 */
public final class Searches {
  private static final int MAX_BATCH = 64;

  private final Function<String, Lookup.Ready> ready;
  private final BiFunction<List<String>, Duration, List<TokenStatus>> awaitTokens;
  private final ImageBatches images;
  private final Answers answers;
  private final QueryMetrics metrics;
  private final Slots searching;
  private final Slots embedding;

  /**
   * @param ready the index of a collection by its name or id, or a refusal
   * @param awaitTokens as {@link Statuses#await}
   * @param embed embeds at most 16 images with one result for each, or throws a refusal
   */
  public Searches(
      Function<String, Lookup.Ready> ready,
      BiFunction<List<String>, Duration, List<TokenStatus>> awaitTokens,
      Function<EmbedImagesRequest, EmbedImagesResponse> embed,
      ContentUrls urls,
      SearchSettings settings,
      QueryMetrics metrics) {
    this.ready = ready;
    this.awaitTokens = awaitTokens;
    this.images = new ImageBatches(embed);
    this.answers = new Answers(urls);
    this.metrics = metrics;
    this.searching = new Slots(settings.maxConcurrent(), "searches");
    this.embedding = new Slots(settings.maxConcurrentImages(), "searches by image");
  }

  /** See the contract: Search.Search. */
  public SearchResponse search(SearchRequest request) {
    long start = System.nanoTime();
    Embedded embedded = embed(List.of(check(request))).getFirst();
    return searching.with(() -> answer(embedded, start));
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
    List<Checked> checked = new ArrayList<>();
    for (SearchRequest each : request.getRequestsList()) {
      checked.add(checkOfBatch(each, readable));
    }
    List<Embedded> embedded = embed(checked);
    return searching.with(
        () -> {
          SearchBatchResponse.Builder response = SearchBatchResponse.newBuilder();
          embedded.forEach(each -> response.addResults(result(each, start)));
          return response.build();
        });
  }

  private Checked checkOfBatch(SearchRequest request, Predicate<String> readable) {
    if (!readable.test(request.getCollection())) {
      return new Refused(
          new RefusedException(
              ErrorCode.PERMISSION_DENIED, "The key lacks the role reader in this collection."));
    }
    try {
      return check(request);
    } catch (RefusedException e) {
      return new Refused(e);
    }
  }

  private Checked.Search check(SearchRequest request) {
    Collection collection = ready.apply(request.getCollection()).collection();
    Query query = SearchCheck.check(request);
    List<TokenStatus> tokens = await(query, collection);
    // Looked up again: the wait may have outlived an index.
    Lookup.Ready answering = ready.apply(request.getCollection());
    long fingerprint =
        Cursor.fingerprint(
            request.toBuilder().clearCursor().clearTokens().clearWait().build(),
            answering.build().getId());
    Optional<Cursor> cursor =
        request.getCursor().isEmpty()
            ? Optional.empty()
            : Optional.of(Cursor.read(request.getCursor(), fingerprint));
    return new Checked.Search(answering, query, fingerprint, cursor, tokens);
  }

  private List<TokenStatus> await(Query query, Collection collection) {
    if (query.tokens().isEmpty()) {
      return List.of();
    }
    boolean ofAnother =
        query.tokens().stream()
            .flatMap(token -> Tokens.decode(token).stream())
            .anyMatch(token -> !token.getCollectionId().equals(collection.getId()));
    if (ofAnother) {
      throw new RefusedException(
          ErrorCode.INVALID_TOKEN, "A token names an upload to another collection.");
    }
    List<TokenStatus> tokens = awaitTokens.apply(query.tokens(), query.patience());
    long pending =
        tokens.stream().filter(t -> t.getState() == ImageState.IMAGE_STATE_PENDING).count();
    if (pending > 0) {
      throw new RefusedException(
          ErrorCode.TOKEN_NOT_REACHED,
          pending + " of the uploads named by tokens have no outcome yet.");
    }
    return tokens;
  }

  private List<Embedded> embed(List<Checked> searches) {
    boolean any =
        searches.stream()
            .anyMatch(
                each ->
                    each instanceof Checked.Search search
                        && search.query().kind() == SearchKind.IMAGE);
    return any ? embedding.with(() -> images.embed(searches)) : images.embed(searches);
  }

  private SearchResult result(Embedded embedded, long start) {
    try {
      return SearchResult.newBuilder().setResponse(answer(embedded, start)).build();
    } catch (RefusedException e) {
      return SearchResult.newBuilder()
          .setRefused(SearchRefusal.newBuilder().setCode(e.code().name()).setMessage(e.detail()))
          .build();
    }
  }

  private SearchResponse answer(Embedded embedded, long start) {
    return switch (embedded) {
      case Refused refused -> throw refused.why();
      case Embedded.Search search -> {
        SearchResponse response = Refusing.reading(() -> answers.answer(search));
        metrics.searched(
            search.checked().query().kind(), Duration.ofNanos(System.nanoTime() - start));
        yield response;
      }
    };
  }
}
