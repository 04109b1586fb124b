package dev.lookalike.query.search;

import static dev.lookalike.query.search.Requests.embedding;
import static dev.lookalike.query.search.Requests.image;
import static dev.lookalike.query.search.Requests.ready;
import static dev.lookalike.query.search.Requests.refusal;
import static dev.lookalike.query.search.Requests.search;
import static dev.lookalike.query.search.Requests.vector;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.log.Tokens;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.image.v1.UploadToken;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.SearchBatchRequest;
import dev.lookalike.proto.search.v1.SearchBatchResponse;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.proto.search.v1.SearchResponse;
import dev.lookalike.proto.search.v1.TokenStatus;
import dev.lookalike.query.catalog.Lookup;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.RecordingIndex;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class SearchesTest {
  private final RecordingIndex index =
      RecordingIndex.of(2, Images.embedded("a", 0, 1, 0), Images.embedded("b", 1, 0, 1));
  private Lookup found = ready(index);
  private ImageState state = ImageState.IMAGE_STATE_SEARCHABLE;

  /** What happens while a search waits for its tokens. */
  private Runnable meanwhile = () -> {};

  private final List<Duration> waits = new ArrayList<>();
  private final List<EmbedImagesRequest> embedded = new ArrayList<>();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Searches searches = searches(Requests.SETTINGS);

  private Searches searches(SearchSettings settings) {
    return new Searches(
        this::answering,
        this::await,
        this::embed,
        Requests.URLS,
        settings,
        new QueryMetrics(meters));
  }

  private Lookup.Ready answering(String nameOrId) {
    return (nameOrId.equals("shop") ? found : new Lookup.Unknown()).orRefuse(nameOrId);
  }

  private List<TokenStatus> await(List<String> tokens, Duration wait) {
    waits.add(wait);
    meanwhile.run();
    return tokens.stream()
        .map(token -> TokenStatus.newBuilder().setToken(token).setState(state).build())
        .toList();
  }

  private EmbedImagesResponse embed(EmbedImagesRequest request) {
    embedded.add(request);
    EmbedImagesResponse.Builder response = EmbedImagesResponse.newBuilder().setDevice("cpu");
    request.getImagesList().forEach(image -> response.addResults(embedding("x", 0, 1)));
    return response.build();
  }

  private static String token(String collectionId) {
    return Tokens.encode(
        UploadToken.newBuilder()
            .setCollectionId(collectionId)
            .setImageId("a")
            .setVersion(Images.version(0))
            .build());
  }

  private static String best(SearchResponse response) {
    return response.getHits(0).getImageId();
  }

  private ErrorCode refused(SearchRequest.Builder request) {
    return refusal(() -> searches.search(request.build())).code();
  }

  private long counted(String kind) {
    return meters.get("lookalike.query.search").tag("kind", kind).timer().count();
  }

  @Test
  void answersAndCountsByKind() {
    assertThat(best(searches.search(search(vector(1, 0)).build()))).isEqualTo("a");
    assertThat(best(searches.search(search(image("i")).build()))).isEqualTo("b");
    assertThat(counted("vector")).isEqualTo(1);
    assertThat(counted("image")).isEqualTo(1);
    assertThat(embedded).hasSize(1);
  }

  @Test
  void aCollectionThatDoesNotAnswerComesFirst() {
    assertThat(refused(search().setCollection("nope"))).isEqualTo(ErrorCode.COLLECTION_NOT_FOUND);
    assertThat(refused(search())).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void waitsForTokensAndSaysWhatBecameOfThem() {
    String token = token("c1");
    SearchResponse response = searches.search(search(vector(1, 0)).addTokens(token).build());
    assertThat(response.getTokens(0).getToken()).isEqualTo(token);
    assertThat(waits).containsExactly(Duration.ofSeconds(10));
    assertThat(searches.search(search(vector(1, 0)).build()).getTokensList()).isEmpty();
    assertThat(waits).as("without tokens nobody waits").hasSize(1);
  }

  @Test
  void refusesWhatTokensCannotSay() {
    assertThat(refused(search(vector(1, 0)).addTokens(token("c2"))))
        .isEqualTo(ErrorCode.INVALID_TOKEN);
    assertThat(waits).isEmpty();
    state = ImageState.IMAGE_STATE_PENDING;
    RefusedException refused =
        refusal(
            () ->
                searches.search(
                    search(vector(1, 0)).addTokens(token("c1")).addTokens(token("c1")).build()));
    assertThat(refused.code()).isEqualTo(ErrorCode.TOKEN_NOT_REACHED);
    assertThat(refused.detail()).startsWith("2 of the uploads");
  }

  @Test
  void theIndexAfterTheWaitAnswers() {
    RecordingIndex next = RecordingIndex.of(2, Images.embedded("next", 0, 1, 0));
    meanwhile = () -> found = ready(next, "c1", "b2");
    SearchResponse response = searches.search(search(vector(1, 0)).addTokens(token("c1")).build());
    assertThat(best(response)).isEqualTo("next");
    assertThat(response.getBuildId()).isEqualTo("b2");
  }

  @Test
  void aCursorIsOfOneRequestToOneBuildWhateverItWaitsFor() {
    SearchRequest.Builder request = search(vector(1, 0)).setK(1);
    String cursor = searches.search(request.build()).getNextCursor();
    assertThat(cursor).isNotEmpty();
    SearchRequest.Builder next = request.clone().setCursor(cursor);
    assertThat(best(searches.search(next.build()))).isEqualTo("b");
    assertThat(
            best(
                searches.search(
                    next.clone()
                        .addTokens(token("c1"))
                        .setWait(com.google.protobuf.Duration.newBuilder().setSeconds(1))
                        .build())))
        .isEqualTo("b");
    assertThat(refused(next.clone().setK(2))).isEqualTo(ErrorCode.INVALID_CURSOR);
    found = ready(index, "c1", "b2");
    assertThat(refused(next)).isEqualTo(ErrorCode.INVALID_CURSOR);
  }

  @Test
  void whatTheIndexCannotDoIsARefusal() {
    index.failure = new IndexException(IndexException.Kind.TOO_MUCH, "a million terms");
    RefusedException refused = refusal(() -> searches.search(search(vector(1, 0)).build()));
    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(refused.detail()).contains("a million terms; narrow the filter");
    index.failure = new IndexException(IndexException.Kind.CORRUPT, "/data is broken");
    refused = refusal(() -> searches.search(search(vector(1, 0)).build()));
    assertThat(refused.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
    assertThat(refused.detail()).as("nothing of the inside").doesNotContain("/data");
    assertThat(counted("vector")).as("only answers are counted").isZero();
  }

  @Test
  void eachSearchOfABatchHasAnOutcomeOfItsOwn() {
    SearchBatchResponse response =
        searches.searchBatch(
            SearchBatchRequest.newBuilder()
                .addRequests(search(image("i")))
                .addRequests(search(vector(1, 0)).setCollection("nope"))
                .addRequests(search(vector(1, 0)).setCollection("secret"))
                .addRequests(search())
                .addRequests(search(vector(1)))
                .addRequests(search(image("j"), vector(0, 1)))
                .build(),
            collection -> !collection.equals("secret"));
    assertThat(response.getResultsList())
        .extracting(
            result ->
                result.hasResponse() ? best(result.getResponse()) : result.getRefused().getCode())
        .containsExactly(
            "b",
            "COLLECTION_NOT_FOUND",
            "PERMISSION_DENIED",
            "INVALID_ARGUMENT",
            "INVALID_VECTOR",
            "b");
    assertThat(response.getResults(4).getRefused().getMessage()).contains("1 dimensions");
    assertThat(embedded).as("images of a batch in one call").hasSize(1);
    assertThat(counted("image")).isEqualTo(2);
  }

  @Test
  void aBatchHas1To64Searches() {
    SearchBatchRequest.Builder none = SearchBatchRequest.newBuilder();
    assertThat(refusal(() -> searches.searchBatch(none.build(), name -> true)).code())
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    SearchBatchRequest.Builder most =
        SearchBatchRequest.newBuilder()
            .addAllRequests(Collections.nCopies(64, search(vector(1, 0)).build()));
    assertThat(searches.searchBatch(most.build(), name -> true).getResultsCount()).isEqualTo(64);
    most.addRequests(search(vector(1, 0)));
    assertThat(refusal(() -> searches.searchBatch(most.build(), name -> true)).code())
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void searchesByImageAreBoundedByThemselves() {
    Searches narrow = searches(Requests.settings(32, 0, 256));
    assertThat(refusal(() -> narrow.search(search(image("i")).build())).code())
        .isEqualTo(ErrorCode.FULL);
    assertThat(best(narrow.search(search(vector(1, 0)).build()))).isEqualTo("a");
    Searches closed = searches(Requests.settings(0, 8, 256));
    assertThat(refusal(() -> closed.search(search(vector(1, 0)).build())).code())
        .isEqualTo(ErrorCode.FULL);
  }
}
