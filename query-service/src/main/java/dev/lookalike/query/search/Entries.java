package dev.lookalike.query.search;

import dev.lookalike.proto.search.v1.CountImagesRequest;
import dev.lookalike.proto.search.v1.CountImagesResponse;
import dev.lookalike.proto.search.v1.GetImageRequest;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.ListImagesRequest;
import dev.lookalike.proto.search.v1.ListImagesResponse;
import dev.lookalike.query.catalog.Lookup;
import dev.lookalike.query.catalog.Slots;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Counts;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.Listing;
import dev.lookalike.query.index.State;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Answers what an index knows of its images: one of them, pages of them, how many there are. */
public final class Entries {
  private static final int DEFAULT_PAGE = 100;
  private static final int MAX_PAGE = 1000;

  private final Function<String, Lookup.Ready> ready;
  private final EntryMessages messages;
  private final Slots reading;

  /**
   * @param ready the index of a collection by its name or id, or a refusal
   * @param reading bounds requests that read the index
   */
  public Entries(Function<String, Lookup.Ready> ready, ContentUrls urls, Slots reading) {
    this.ready = ready;
    this.messages = new EntryMessages(urls);
    this.reading = reading;
  }

  /** See the contract: Search.GetImage. */
  public ImageEntry get(GetImageRequest request) {
    Lookup.Ready answering = ready.apply(request.getCollection());
    return reading.with(() -> get(request, answering));
  }

  private ImageEntry get(GetImageRequest request, Lookup.Ready answering) {
    if (request.getImageId().isEmpty()) {
      throw new RefusedException(ErrorCode.INVALID_IMAGE_ID, "An image id is needed.");
    }
    return Refusing.reading(
            () -> answering.index().get(List.of(request.getImageId()), request.getIncludeVector()))
        .stream()
        .findFirst()
        .map(entry -> messages.entry(answering.collection(), entry))
        .orElseThrow(
            () ->
                new RefusedException(
                    ErrorCode.IMAGE_NOT_FOUND, "No image " + request.getImageId() + " is known."));
  }

  /** See the contract: Search.ListImages. */
  public ListImagesResponse list(ListImagesRequest request) {
    Lookup.Ready answering = ready.apply(request.getCollection());
    return reading.with(() -> list(request, answering));
  }

  private ListImagesResponse list(ListImagesRequest request, Lookup.Ready answering) {
    int limit = request.getPageSize() == 0 ? DEFAULT_PAGE : request.getPageSize();
    if (limit < 1 || limit > MAX_PAGE) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "page_size must be 1 to " + MAX_PAGE + ".");
    }
    Filter filter = Refusing.filter(request.getFilter());
    // Page size and vectors may differ between pages; what is listed may not.
    long fingerprint =
        Cursor.fingerprint(
            request.toBuilder()
                .clearCursor()
                .clearPageSize()
                .clearIncludeVectors()
                .setCollection(answering.collection().getId())
                .build(),
            "");
    Optional<String> after =
        request.getCursor().isEmpty()
            ? Optional.empty()
            : Optional.of(Cursor.read(request.getCursor(), fingerprint).imageId());
    Listing listing =
        new Listing(
            filter, states(request.getStatesList()), after, limit, request.getIncludeVectors());
    List<Entry> entries = Refusing.reading(() -> answering.index().list(listing));
    ListImagesResponse.Builder response = ListImagesResponse.newBuilder();
    entries.forEach(entry -> response.addImages(messages.entry(answering.collection(), entry)));
    if (entries.size() == limit) {
      response.setNextCursor(new Cursor(fingerprint, 0, 0, entries.getLast().imageId()).text());
    }
    return response.build();
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

  /** See the contract: Search.CountImages. */
  public CountImagesResponse count(CountImagesRequest request) {
    Lookup.Ready answering = ready.apply(request.getCollection());
    return reading.with(
        () -> {
          Filter filter = Refusing.filter(request.getFilter());
          return Refusing.reading(() -> count(answering, filter));
        });
  }

  private static CountImagesResponse count(Lookup.Ready answering, Filter filter) {
    Counts counts = answering.index().counts();
    return CountImagesResponse.newBuilder()
        .setSearchable(
            filter.equals(Filter.ALL) ? counts.searchable() : answering.index().count(filter))
        .setRejected(counts.rejected())
        .setDeleted(counts.deleted())
        .build();
  }
}
