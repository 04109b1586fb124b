package dev.lookalike.query.search;

import dev.lookalike.log.Tokens;
import dev.lookalike.log.Versions;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.UploadToken;
import dev.lookalike.proto.search.v1.GetStatusRequest;
import dev.lookalike.proto.search.v1.GetStatusResponse;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.TokenStatus;
import dev.lookalike.query.catalog.Catalog;
import dev.lookalike.query.catalog.ProgressSignal;
import dev.lookalike.query.catalog.Slots;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.State;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Tells what became of uploads, and waits for it. An upload is pending until the index has applied
 * an outcome at or after its place in the log; then the entry of its image tells: of the same
 * version, its own outcome; newer, it was deleted or superseded.
 */
public final class Statuses {
  private static final int MAX_TOKENS = 1000;
  private static final Duration MAX_WAIT = Duration.ofSeconds(60);

  private final Catalog catalog;
  private final ProgressSignal signal;
  private final Slots waiting;

  /**
   * @param signal raised whenever an index has come further, or the registry has changed
   */
  public Statuses(Catalog catalog, ProgressSignal signal, SearchSettings settings) {
    this.catalog = catalog;
    this.signal = signal;
    this.waiting = new Slots(settings.maxWaiting(), "waiting requests");
  }

  /**
   * See the contract: Search.GetStatus.
   *
   * @param readable whether the caller may read a collection, by its id
   */
  public GetStatusResponse get(GetStatusRequest request, Predicate<String> readable) {
    if (request.getTokensCount() < 1 || request.getTokensCount() > MAX_TOKENS) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "Between 1 and " + MAX_TOKENS + " tokens are needed.");
    }
    Duration wait = request.hasWait() ? duration(request.getWait()) : Duration.ZERO;
    requireReadable(request.getTokensList(), id -> !isKnown(id) || readable.test(id));
    List<TokenStatus> statuses = await(request.getTokensList(), wait);
    // By now the registry tells of those collections, too, that are newer than the call.
    requireReadable(request.getTokensList(), readable);
    return GetStatusResponse.newBuilder().addAllStatuses(statuses).build();
  }

  private boolean isKnown(String collectionId) {
    return catalog.knows(collectionId).orElse(false);
  }

  private static void requireReadable(List<String> tokens, Predicate<String> readable) {
    boolean all =
        tokens.stream()
            .flatMap(token -> Tokens.decode(token).stream())
            .map(UploadToken::getCollectionId)
            .distinct()
            .allMatch(readable);
    if (!all) {
      throw new RefusedException(
          ErrorCode.PERMISSION_DENIED,
          "The key lacks the role reader in a collection of these tokens.");
    }
  }

  /** How long a request is willing to wait. */
  static Duration duration(com.google.protobuf.Duration wait) {
    Duration duration = Duration.ofSeconds(wait.getSeconds(), wait.getNanos());
    if (duration.isNegative() || duration.compareTo(MAX_WAIT) > 0) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "wait must be 0 to 60 seconds.");
    }
    return duration;
  }

  /**
   * The statuses in the order of the tokens, once none is pending or the time is over.
   *
   * @throws RefusedException INVALID_TOKEN, COLLECTION_NOT_FOUND, FULL
   */
  public List<TokenStatus> await(List<String> texts, Duration wait) {
    List<UploadToken> tokens = new ArrayList<>();
    for (String text : texts) {
      tokens.add(
          Tokens.decode(text)
              .orElseThrow(
                  () ->
                      new RefusedException(
                          ErrorCode.INVALID_TOKEN,
                          "\"" + Refusing.shortened(text) + "\" is not a token of an upload.")));
    }
    TokenStatus[] statuses = new TokenStatus[tokens.size()];
    long seen = signal.count();
    boolean pending = look(texts, tokens, statuses);
    if (pending && wait.isPositive()) {
      waiting.with(
          () -> {
            waitFor(texts, tokens, statuses, wait, seen);
            return statuses;
          });
    }
    for (int i = 0; i < statuses.length; i++) {
      // Only now: the registry may tell of a new collection a little after its first upload.
      if (statuses[i].getState() == ImageState.IMAGE_STATE_PENDING
          && !catalog.knows(tokens.get(i).getCollectionId()).orElse(true)) {
        throw new RefusedException(
            ErrorCode.COLLECTION_NOT_FOUND,
            "The collection of the token of " + tokens.get(i).getImageId() + " is not known.");
      }
    }
    return List.of(statuses);
  }

  private void waitFor(
      List<String> texts,
      List<UploadToken> tokens,
      TokenStatus[] statuses,
      Duration wait,
      long seenBefore) {
    long deadline = System.nanoTime() + wait.toNanos();
    long seen = seenBefore;
    boolean pending = true;
    try {
      for (long left = wait.toNanos(); pending && left > 0; left = deadline - System.nanoTime()) {
        signal.await(seen, Duration.ofNanos(left));
        seen = signal.count();
        pending = look(texts, tokens, statuses);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException(ErrorCode.QUERY_UNAVAILABLE, "The service is shutting down.");
    }
  }

  /** Looks at those that are not decided; whether any is pending. */
  private boolean look(List<String> texts, List<UploadToken> tokens, TokenStatus[] statuses) {
    boolean pending = false;
    for (int i = 0; i < statuses.length; i++) {
      if (statuses[i] == null || statuses[i].getState() == ImageState.IMAGE_STATE_PENDING) {
        statuses[i] = look(texts.get(i), tokens.get(i));
        pending |= statuses[i].getState() == ImageState.IMAGE_STATE_PENDING;
      }
    }
    return pending;
  }

  private TokenStatus look(String text, UploadToken token) {
    TokenStatus.Builder status =
        TokenStatus.newBuilder()
            .setToken(text)
            .setImageId(token.getImageId())
            .setVersion(token.getVersion())
            .setState(ImageState.IMAGE_STATE_PENDING);
    if (catalog.isDeleted(token.getCollectionId())) {
      throw new RefusedException(
          ErrorCode.COLLECTION_NOT_FOUND,
          "The collection of the token of " + token.getImageId() + " was deleted.");
    }
    Optional<Catalog.Live> found = catalog.live(token.getCollectionId());
    return found.isPresent()
        ? Refusing.reading(() -> look(token, found.get(), status))
        : status.build();
  }

  private static TokenStatus look(
      UploadToken token, Catalog.Live live, TokenStatus.Builder status) {
    boolean decided = isDecided(token.getVersion(), live);
    if (!decided && !isDue(token.getVersion(), live.index())) {
      return status.build();
    }
    Optional<Entry> entry =
        live.index().get(List.of(token.getImageId()), false).stream().findFirst();
    if (!decided && entry.filter(known -> known.version().equals(token.getVersion())).isEmpty()) {
      return status.build();
    }
    if (entry.isEmpty()) {
      // Only the end of a delete makes the log forget an image.
      return status.setState(ImageState.IMAGE_STATE_DELETED).build();
    }
    int order = Versions.OLDEST_FIRST.compare(entry.get().version(), token.getVersion());
    if (order == 0) {
      return status
          .setState(EntryMessages.state(entry.get().state()))
          .setReason(entry.get().outcome().getRejected().getReason())
          .setDetail(entry.get().outcome().getRejected().getDetail())
          .build();
    }
    // An older entry: the log was compacted, and the newer version's outcome is still to come.
    return status
        .setState(
            order > 0 && entry.get().state() == State.DELETED
                ? ImageState.IMAGE_STATE_DELETED
                : ImageState.IMAGE_STATE_SUPERSEDED)
        .build();
  }

  /** Whether its outcome is the next: it may be there, and be one that cannot be read. */
  private static boolean isDue(ImageVersion version, VectorIndex index) {
    return index.progress().applied(version.getPartition()) == version.getOffset();
  }

  /** Whether the index has applied the outcome of a version, or of a later record. */
  private static boolean isDecided(ImageVersion version, Catalog.Live live) {
    int generation = live.build().getGeneration();
    if (version.getGeneration() != generation) {
      // The image was replayed into a newer generation.
      return version.getGeneration() < generation && live.caughtUp();
    }
    return live.index().progress().applied(version.getPartition()) > version.getOffset();
  }
}
