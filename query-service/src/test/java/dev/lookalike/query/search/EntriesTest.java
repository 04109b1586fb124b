package dev.lookalike.query.search;

import static dev.lookalike.query.index.Images.number;
import static dev.lookalike.query.search.Requests.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.Rejected;
import dev.lookalike.proto.image.v1.CanonicalImage;
import dev.lookalike.proto.image.v1.ModelReference;
import dev.lookalike.proto.image.v1.OriginalImage;
import dev.lookalike.proto.search.v1.CountImagesRequest;
import dev.lookalike.proto.search.v1.GetImageRequest;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.ListImagesRequest;
import dev.lookalike.proto.search.v1.ListImagesResponse;
import dev.lookalike.query.catalog.Lookup;
import dev.lookalike.query.catalog.Slots;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.RecordingIndex;
import dev.lookalike.service.error.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EntriesTest {
  private static final OriginalImage ORIGINAL =
      OriginalImage.newBuilder().setSha256(ByteString.copyFromUtf8("sha")).setWidth(7).build();
  private static final CanonicalImage CANONICAL = CanonicalImage.newBuilder().setHeight(9).build();
  private static final Timestamp ACCEPTED = Timestamp.newBuilder().setSeconds(5).build();
  private static final Timestamp PRODUCED = Timestamp.newBuilder().setSeconds(6).build();

  private final RecordingIndex index =
      RecordingIndex.of(
          2,
          Images.embedded("a", 0, Map.of("price", number(1)), 1, 0),
          Images.embedded("b", 1, Map.of("price", number(2)), 0, 1),
          Images.embedded("c", 2, Map.of("price", number(3)), 0, 1),
          Images.rejected("r", 3),
          Images.removed("x", 4));
  private final Entries entries = new Entries(this::ready, Requests.URLS, new Slots(1, "requests"));

  private Lookup.Ready ready(String nameOrId) {
    return (nameOrId.startsWith("shop") ? Requests.ready(index) : new Lookup.Unknown())
        .orRefuse(nameOrId);
  }

  private ImageEntry get(String id) {
    return entries.get(GetImageRequest.newBuilder().setCollection("shop").setImageId(id).build());
  }

  private static ListImagesRequest.Builder list() {
    return ListImagesRequest.newBuilder().setCollection("shop");
  }

  private List<String> ids(ListImagesRequest.Builder request) {
    return entries.list(request.build()).getImagesList().stream()
        .map(ImageEntry::getImageId)
        .toList();
  }

  private ErrorCode refused(ListImagesRequest.Builder request) {
    return refusal(() -> entries.list(request.build())).code();
  }

  @Test
  void anImageIsFoundWhateverItsState() {
    ImageEntry searchable = get("a");
    assertThat(searchable.getState()).isEqualTo(ImageState.IMAGE_STATE_SEARCHABLE);
    assertThat(searchable.getVersion()).isEqualTo(Images.version(0));
    assertThat(searchable.getAttributesMap()).containsEntry("price", number(1));
    assertThat(searchable.getLabels(0).getName()).isEqualTo("seen");
    assertThat(searchable.getDevice()).isEqualTo("cpu");
    assertThat(searchable.getContentUrl()).endsWith("/c1/images/a/content?version=1.0.0");
    assertThat(searchable.getThumbnailUrl()).contains("variant=thumbnail");
    assertThat(searchable.hasVector()).isFalse();
    ImageEntry rejected = get("r");
    assertThat(rejected.getState()).isEqualTo(ImageState.IMAGE_STATE_REJECTED);
    assertThat(rejected.getReason()).isEqualTo("CANONICAL_UNREADABLE");
    assertThat(rejected.getDetail()).isEqualTo("It cannot be read.");
    assertThat(rejected.getAttempts()).isEqualTo(1);
    assertThat(rejected.getContentUrl()).isNotEmpty();
    ImageEntry deleted = get("x");
    assertThat(deleted.getState()).isEqualTo(ImageState.IMAGE_STATE_DELETED);
    assertThat(deleted.getContentUrl()).as("there is nothing to show").isEmpty();
    assertThat(deleted.getThumbnailUrl()).isEmpty();
  }

  private static Change outcome(String id, EmbeddingEvent.Builder event, float... vector) {
    return new Change.Outcome(
        id,
        event.setSource(Images.version(9)).setAcceptedAt(ACCEPTED).setProducedAt(PRODUCED).build(),
        vector.length == 0 ? Optional.empty() : Optional.of(vector));
  }

  @Test
  void anImageSaysWhereItComesFrom() {
    ModelReference model = ModelReference.newBuilder().setId("tiny").build();
    index.apply(
        List.of(
            outcome(
                "a",
                EmbeddingEvent.newBuilder()
                    .setEmbedded(
                        Embedded.newBuilder()
                            .setOriginal(ORIGINAL)
                            .setCanonical(CANONICAL)
                            .setPerceptualHash(77)
                            .setModel(model)),
                1,
                0),
            outcome(
                "r",
                EmbeddingEvent.newBuilder()
                    .setRejected(Rejected.newBuilder().setOriginal(ORIGINAL)))),
        index.progress());
    ImageEntry searchable = get("a");
    assertThat(searchable.getOriginal()).isEqualTo(ORIGINAL);
    assertThat(searchable.getCanonical()).isEqualTo(CANONICAL);
    assertThat(searchable.getPerceptualHash()).isEqualTo(77);
    assertThat(searchable.getModel()).isEqualTo(model);
    assertThat(searchable.getAcceptedAt()).isEqualTo(ACCEPTED);
    assertThat(searchable.getEmbeddedAt()).isEqualTo(PRODUCED);
    assertThat(get("r").getOriginal()).isEqualTo(ORIGINAL);
    assertThat(get("b").hasAcceptedAt()).isFalse();
    assertThat(get("b").hasCanonical()).isFalse();
  }

  @Test
  void anImageComesWithItsVectorWhereAsked() {
    assertThat(
            entries
                .get(
                    GetImageRequest.newBuilder()
                        .setCollection("shop")
                        .setImageId("b")
                        .setIncludeVector(true)
                        .build())
                .getVector()
                .getValuesList())
        .containsExactly(0f, 1f);
  }

  @Test
  void refusesAnImageThatIsNotThere() {
    assertThat(refusal(() -> get("nobody")).code()).isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
    assertThat(refusal(() -> get("")).code()).isEqualTo(ErrorCode.INVALID_IMAGE_ID);
    assertThat(
            refusal(() -> entries.get(GetImageRequest.newBuilder().setCollection("no").build()))
                .code())
        .isEqualTo(ErrorCode.COLLECTION_NOT_FOUND);
  }

  @Test
  void listsByState() {
    assertThat(ids(list())).containsExactly("a", "b", "c");
    assertThat(
            ids(
                list()
                    .addStates(ImageState.IMAGE_STATE_DELETED)
                    .addStates(ImageState.IMAGE_STATE_REJECTED)))
        .containsExactly("r", "x");
    assertThat(ids(list().addStates(ImageState.IMAGE_STATE_SEARCHABLE))).hasSize(3);
    assertThat(refused(list().addStates(ImageState.IMAGE_STATE_PENDING)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void listsWhatTheFilterAdmits() {
    assertThat(ids(list().setFilter("price > 1"))).containsExactly("b", "c");
    assertThat(refused(list().setFilter("price >"))).isEqualTo(ErrorCode.INVALID_FILTER);
    assertThat(entries.list(list().setIncludeVectors(true).build()).getImages(0).hasVector())
        .isTrue();
    assertThat(entries.list(list().build()).getImages(0).hasVector()).isFalse();
  }

  @Test
  void pagesFollowOneAnother() {
    ListImagesResponse first = entries.list(list().setPageSize(2).build());
    assertThat(first.getImagesList()).extracting(ImageEntry::getImageId).containsExactly("a", "b");
    ListImagesRequest.Builder next = list().setCursor(first.getNextCursor());
    // Page size and vectors may differ, and an id may be given for a name.
    ListImagesResponse second =
        entries.list(
            next.clone().setPageSize(5).setIncludeVectors(true).setCollection("shop2").build());
    assertThat(second.getImagesList()).extracting(ImageEntry::getImageId).containsExactly("c");
    assertThat(second.getNextCursor()).isEmpty();
    assertThat(refused(next.clone().setFilter("price > 1"))).isEqualTo(ErrorCode.INVALID_CURSOR);
    assertThat(refused(next.clone().addStates(ImageState.IMAGE_STATE_REJECTED)))
        .isEqualTo(ErrorCode.INVALID_CURSOR);
  }

  @Test
  void aPageHas1To1000Images() {
    assertThat(ids(list().setPageSize(1000))).hasSize(3);
    assertThat(refused(list().setPageSize(1001))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(refused(list().setPageSize(-1))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    for (int i = 0; i < 100; i++) {
      index.apply(List.of(Images.embedded("more" + i, 10 + i, 1, 0)), index.progress());
    }
    assertThat(ids(list())).as("by default").hasSize(100);
  }

  private String count(String filter) {
    return entries
        .count(CountImagesRequest.newBuilder().setCollection("shop").setFilter(filter).build())
        .toString()
        .replace("\n", " ");
  }

  @Test
  void countsByState() {
    assertThat(count("")).isEqualTo("searchable: 3 rejected: 1 deleted: 1 ");
    assertThat(count("price > 1")).isEqualTo("searchable: 2 rejected: 1 deleted: 1 ");
    assertThat(refusal(() -> count("price >")).code()).isEqualTo(ErrorCode.INVALID_FILTER);
  }

  @Test
  void anIndexThatCannotBeReadIsARefusal() {
    index.failure = new IndexException(IndexException.Kind.UNAVAILABLE, "closed");
    assertThat(refusal(() -> get("a")).code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
    assertThat(refused(list())).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
    assertThat(refusal(() -> count("")).code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
  }

  @Test
  void soManyMayRead() {
    Entries full = new Entries(this::ready, Requests.URLS, new Slots(0, "requests"));
    assertThat(
            refusal(() -> full.get(GetImageRequest.newBuilder().setCollection("shop").build()))
                .code())
        .isEqualTo(ErrorCode.FULL);
    assertThat(refusal(() -> full.list(list().build())).code()).isEqualTo(ErrorCode.FULL);
    assertThat(
            refusal(() -> full.count(CountImagesRequest.newBuilder().setCollection("shop").build()))
                .code())
        .isEqualTo(ErrorCode.FULL);
  }
}
