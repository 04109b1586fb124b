package dev.lookalike.query.search;

import static dev.lookalike.query.catalog.Registry.collection;
import static dev.lookalike.query.catalog.Registry.deleted;
import static dev.lookalike.query.catalog.Registry.live;
import static dev.lookalike.query.catalog.Registry.state;
import static dev.lookalike.query.catalog.Registry.view;
import static dev.lookalike.query.search.Requests.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.log.RegistryView;
import dev.lookalike.log.Tokens;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.UploadToken;
import dev.lookalike.proto.search.v1.GetStatusRequest;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.TokenStatus;
import dev.lookalike.query.catalog.Catalog;
import dev.lookalike.query.catalog.FakeFollower;
import dev.lookalike.query.catalog.FakeStore;
import dev.lookalike.query.catalog.ProgressSignal;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.RecordingIndex;
import dev.lookalike.service.error.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StatusesTest {
  private static final RegistryView SHOP =
      view(state(collection("c1", "shop"), live("b1").toBuilder().setGeneration(2).build()));

  private final FakeFollower.Made made = new FakeFollower.Made();
  private final ProgressSignal signal = new ProgressSignal();
  private final Catalog catalog = new Catalog(new FakeStore(), made, signal, Optional::empty);
  private final Statuses statuses = new Statuses(catalog, signal, Requests.SETTINGS);
  private RecordingIndex index = new RecordingIndex(2);

  @BeforeEach
  void follow() {
    catalog.follow(SHOP);
    index = made.all.get(0).answers();
  }

  @AfterEach
  void close() {
    catalog.close();
  }

  /** Of generation 2 and partition 0. */
  private static ImageVersion version(int generation, long offset) {
    return ImageVersion.newBuilder().setGeneration(generation).setOffset(offset).build();
  }

  private static String token(String imageId, ImageVersion version) {
    return token("c1", imageId, version);
  }

  private static String token(String collectionId, String imageId, ImageVersion version) {
    return Tokens.encode(
        UploadToken.newBuilder()
            .setCollectionId(collectionId)
            .setImageId(imageId)
            .setVersion(version)
            .build());
  }

  /** The index has these outcomes, and every outcome of partition 0 before {@code applied}. */
  private void applied(long applied, Change... changes) {
    index.apply(List.of(changes), new Progress(Map.of(), Map.of(0, applied)));
  }

  private static Change embedded(String id, long offset) {
    return Images.embedded(id, version(2, offset), Map.of(), List.of(), 1, 0);
  }

  private static Change of(Change.Outcome outcome, long offset) {
    return new Change.Outcome(
        outcome.imageId(),
        outcome.event().toBuilder().setSource(version(2, offset)).build(),
        outcome.embedding());
  }

  private TokenStatus status(String token) {
    return statuses.await(List.of(token), Duration.ZERO).get(0);
  }

  private ImageState stateOf(String imageId, long offset) {
    return status(token(imageId, version(2, offset))).getState();
  }

  private ErrorCode refused(String... tokens) {
    return refusal(() -> statuses.await(List.of(tokens), Duration.ZERO)).code();
  }

  @Test
  void anUploadHasTheOutcomeOfItsVersion() {
    applied(2, embedded("a", 0), of(Images.rejected("b", 0), 1));
    TokenStatus searchable = status(token("a", version(2, 0)));
    assertThat(searchable.getState()).isEqualTo(ImageState.IMAGE_STATE_SEARCHABLE);
    assertThat(searchable.getToken()).isEqualTo(token("a", version(2, 0)));
    assertThat(searchable.getImageId()).isEqualTo("a");
    assertThat(searchable.getVersion()).isEqualTo(version(2, 0));
    assertThat(searchable.getReason()).isEmpty();
    TokenStatus rejected = status(token("b", version(2, 1)));
    assertThat(rejected.getState()).isEqualTo(ImageState.IMAGE_STATE_REJECTED);
    assertThat(rejected.getReason()).isEqualTo("CANONICAL_UNREADABLE");
    assertThat(rejected.getDetail()).isEqualTo("It cannot be read.");
  }

  @Test
  void anUploadIsPendingUntilItsPlaceInTheLogIsReached() {
    applied(5);
    assertThat(stateOf("a", 5)).isEqualTo(ImageState.IMAGE_STATE_PENDING);
    assertThat(stateOf("a", 6)).isEqualTo(ImageState.IMAGE_STATE_PENDING);
    applied(6, embedded("a", 5));
    assertThat(stateOf("a", 5)).isEqualTo(ImageState.IMAGE_STATE_SEARCHABLE);
  }

  @Test
  void anOutcomeThatIsDueMayBeThereBeforeTheProgress() {
    applied(5, embedded("a", 5));
    assertThat(stateOf("a", 5)).isEqualTo(ImageState.IMAGE_STATE_SEARCHABLE);
    // Of another version than the one that is due: no word on it yet.
    applied(6);
    assertThat(stateOf("a", 6)).isEqualTo(ImageState.IMAGE_STATE_PENDING);
  }

  @Test
  void anUploadThatTheLogHasForgottenWasDeleted() {
    applied(3);
    assertThat(stateOf("a", 0)).isEqualTo(ImageState.IMAGE_STATE_DELETED);
  }

  @Test
  void aNewerVersionHasDeletedOrSupersededIt() {
    applied(9, embedded("a", 7), of(Images.removed("b", 0), 8));
    assertThat(stateOf("a", 2)).isEqualTo(ImageState.IMAGE_STATE_SUPERSEDED);
    assertThat(stateOf("b", 2)).isEqualTo(ImageState.IMAGE_STATE_DELETED);
    assertThat(stateOf("b", 8)).isEqualTo(ImageState.IMAGE_STATE_DELETED);
  }

  @Test
  void anOlderEntryMeansThatANewerVersionIsToCome() {
    applied(9, of(Images.removed("a", 0), 2));
    assertThat(stateOf("a", 5)).isEqualTo(ImageState.IMAGE_STATE_SUPERSEDED);
  }

  @Test
  void anUploadOfAnEarlierGenerationIsDecidedOnceTheReplayIsRead() {
    FakeFollower follower = made.all.get(0);
    follower.caughtUp = false;
    String old = token("a", version(1, 50));
    assertThat(status(old).getState()).isEqualTo(ImageState.IMAGE_STATE_PENDING);
    follower.caughtUp = true;
    assertThat(status(old).getState()).isEqualTo(ImageState.IMAGE_STATE_DELETED);
    applied(1, embedded("a", 0));
    assertThat(status(old).getState()).isEqualTo(ImageState.IMAGE_STATE_SUPERSEDED);
    assertThat(status(token("a", version(3, 0))).getState())
        .as("of a generation to come")
        .isEqualTo(ImageState.IMAGE_STATE_PENDING);
  }

  @Test
  void withoutAnIndexEverythingIsPending() {
    made.all.get(0).index = Optional.empty();
    assertThat(stateOf("a", 0)).isEqualTo(ImageState.IMAGE_STATE_PENDING);
  }

  @Test
  void refusesWhatIsNoToken() {
    assertThat(refused("!!")).isEqualTo(ErrorCode.INVALID_TOKEN);
    assertThat(refusal(() -> status("x".repeat(65))).detail())
        .startsWith("\"" + "x".repeat(64) + "...\"");
    assertThat(refusal(() -> status("x".repeat(64))).detail())
        .startsWith("\"" + "x".repeat(64) + "\"");
  }

  @Test
  void refusesATokenOfACollectionThatIsNotThere() {
    assertThat(refused(token("c9", "a", version(2, 0)))).isEqualTo(ErrorCode.COLLECTION_NOT_FOUND);
    catalog.follow(deleted("c9"));
    assertThat(refused(token("c9", "a", version(2, 0)))).isEqualTo(ErrorCode.COLLECTION_NOT_FOUND);
    assertThat(refusal(() -> status(token("c9", "a", version(2, 0)))).detail())
        .contains("was deleted");
  }

  @Test
  void anIndexThatCannotBeReadIsARefusal() {
    index.failure = new IndexException(IndexException.Kind.UNAVAILABLE, "closed");
    assertThat(refused(token("a", version(2, 0)))).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
  }

  @Test
  void waitsUntilNoneIsPending() throws Exception {
    applied(0);
    List<String> tokens = List.of(token("a", version(2, 0)), token("b", version(2, 1)));
    CompletableFuture<List<TokenStatus>> answer =
        CompletableFuture.supplyAsync(() -> statuses.await(tokens, Duration.ofHours(1)));
    applied(1, embedded("a", 0));
    signal.raise();
    applied(2, embedded("b", 1));
    signal.raise();
    assertThat(answer.get(20, TimeUnit.SECONDS))
        .extracting(TokenStatus::getImageId, TokenStatus::getState)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("a", ImageState.IMAGE_STATE_SEARCHABLE),
            org.assertj.core.groups.Tuple.tuple("b", ImageState.IMAGE_STATE_SEARCHABLE));
  }

  @Test
  void waitsForACollectionThatTheRegistryIsAboutToTellOf() throws Exception {
    String token = token("c2", "a", version(1, 0));
    CompletableFuture<List<TokenStatus>> answer =
        CompletableFuture.supplyAsync(() -> statuses.await(List.of(token), Duration.ofHours(1)));
    catalog.follow(view(state(collection("c2", "late"), live("b1"))));
    index = made.all.getLast().answers();
    applied(1, Images.embedded("a", 0, 1, 0));
    signal.raise();
    assertThat(answer.get(20, TimeUnit.SECONDS).get(0).getState())
        .isEqualTo(ImageState.IMAGE_STATE_SEARCHABLE);
  }

  @Test
  void aDeletedCollectionEndsTheWaitAtOnce() {
    catalog.follow(deleted("c1"));
    assertThat(
            refusal(() -> statuses.await(List.of(token("a", version(2, 0))), Duration.ofHours(1)))
                .code())
        .isEqualTo(ErrorCode.COLLECTION_NOT_FOUND);
  }

  @Test
  void theEndOfTheWaitIsNotARefusal() {
    applied(0);
    assertThat(
            statuses
                .await(List.of(token("a", version(2, 0))), Duration.ofMillis(5))
                .get(0)
                .getState())
        .isEqualTo(ImageState.IMAGE_STATE_PENDING);
  }

  @Test
  void onlySoManyMayWait() {
    applied(1, embedded("a", 0));
    Statuses full = new Statuses(catalog, signal, Requests.settings(32, 8, 0));
    assertThat(
            refusal(() -> full.await(List.of(token("b", version(2, 1))), Duration.ofMillis(1)))
                .code())
        .isEqualTo(ErrorCode.FULL);
    assertThat(full.await(List.of(token("a", version(2, 0))), Duration.ofMillis(1)))
        .as("decided already")
        .hasSize(1);
    assertThat(full.await(List.of(token("b", version(2, 1))), Duration.ZERO))
        .as("does not wait")
        .hasSize(1);
  }

  @Test
  void anInterruptEndsTheWait() {
    applied(0);
    Thread.currentThread().interrupt();
    assertThat(
            refusal(() -> statuses.await(List.of(token("a", version(2, 0))), Duration.ofHours(1)))
                .code())
        .isEqualTo(ErrorCode.QUERY_UNAVAILABLE);
    assertThat(Thread.interrupted()).isTrue();
  }

  private static GetStatusRequest.Builder request(String... tokens) {
    return GetStatusRequest.newBuilder().addAllTokens(List.of(tokens));
  }

  @Test
  void answersInTheOrderOfTheTokens() {
    applied(2, embedded("a", 0), of(Images.rejected("b", 0), 1));
    assertThat(
            statuses
                .get(
                    request(token("b", version(2, 1)), token("a", version(2, 0))).build(),
                    id -> true)
                .getStatusesList())
        .extracting(TokenStatus::getImageId)
        .containsExactly("b", "a");
  }

  @Test
  void wants1To1000Tokens() {
    String token = token("a", version(2, 0));
    assertThat(refusal(() -> statuses.get(request().build(), id -> true)).code())
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    GetStatusRequest.Builder most = request().addAllTokens(Collections.nCopies(1000, token));
    assertThat(statuses.get(most.build(), id -> true).getStatusesCount()).isEqualTo(1000);
    most.addTokens(token);
    assertThat(refusal(() -> statuses.get(most.build(), id -> true)).code())
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void everyCollectionOfTheTokensMustBeReadable() {
    applied(1, embedded("a", 0));
    List<String> asked = new ArrayList<>();
    GetStatusRequest request = request(token("a", version(2, 0))).build();
    assertThat(
            statuses
                .get(
                    request,
                    id -> {
                      asked.add(id);
                      return true;
                    })
                .getStatusesCount())
        .isEqualTo(1);
    assertThat(asked).containsOnly("c1");
    assertThat(refusal(() -> statuses.get(request, id -> false)).code())
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void aKeyIsCheckedBeforeTheWaitWhereTheCollectionIsKnown() {
    applied(0);
    GetStatusRequest request =
        request(token("a", version(2, 0)))
            .setWait(com.google.protobuf.Duration.newBuilder().setSeconds(60))
            .build();
    assertThat(refusal(() -> statuses.get(request, id -> false)).code())
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void aKeyIsCheckedAfterTheWaitWhereTheCollectionWasNotKnown() {
    GetStatusRequest request = request(token("c2", "a", version(2, 0))).build();
    List<String> asked = new ArrayList<>();
    assertThat(
            refusal(
                    () ->
                        statuses.get(
                            request,
                            id -> {
                              asked.add(id);
                              return true;
                            }))
                .code())
        .isEqualTo(ErrorCode.COLLECTION_NOT_FOUND);
    assertThat(asked).as("not before").isEmpty();
  }

  @Test
  void boundsTheWait() {
    com.google.protobuf.Duration.Builder wait = com.google.protobuf.Duration.newBuilder();
    assertThat(Statuses.duration(wait.setSeconds(60).build())).hasSeconds(60);
    assertThat(Statuses.duration(wait.setSeconds(0).build())).isZero();
    assertThat(Statuses.duration(wait.setNanos(5).build())).hasNanos(5);
    for (com.google.protobuf.Duration.Builder bad :
        List.of(wait.clone().setSeconds(60).setNanos(1), wait.clone().setSeconds(-1).setNanos(0))) {
      assertThat(refusal(() -> Statuses.duration(bad.build())).code())
          .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    }
    assertThat(
            refusal(
                    () ->
                        statuses.get(
                            request(token("a", version(2, 0)))
                                .setWait(wait.clone().setSeconds(61))
                                .build(),
                            id -> true))
                .code())
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }
}
