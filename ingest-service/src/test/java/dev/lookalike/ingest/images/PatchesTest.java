package dev.lookalike.ingest.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.fakes.FakeIndex;
import dev.lookalike.ingest.fakes.FakeLog;
import dev.lookalike.ingest.fakes.FakeRegistry;
import dev.lookalike.ingest.records.Append;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Tokens;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.UploadToken;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PatchesTest {
  private static final String HATS = "hats00000001";
  private static final AttributeValue TWO = AttributeValue.newBuilder().setNumber(2).build();
  private static final Patch PRICE = Patch.of(Map.of("price", TWO), List.of(), Optional.empty());
  private static final ImageVersion VERSION = version("a", 5);

  private final FakeLog log = new FakeLog();
  private final FakeRegistry registry = new FakeRegistry(log);
  private final FakeIndex index = new FakeIndex();
  private final Catalogue catalogue = new Catalogue(registry);
  private final Patches patches =
      new Patches(catalogue, new ImageLog(catalogue, log, log), index, () -> Instant.EPOCH);

  private static ImageVersion version(String id, long offset) {
    return ImageVersion.newBuilder()
        .setGeneration(1)
        .setPartition(Keys.partition(id, 2))
        .setOffset(offset)
        .build();
  }

  private static String token(String collection, String id, ImageVersion version) {
    return Tokens.encode(
        UploadToken.newBuilder()
            .setCollectionId(collection)
            .setImageId(id)
            .setVersion(version)
            .build());
  }

  private void know(String id, ImageState state) {
    index.put(
        ImageEntry.newBuilder().setImageId(id).setState(state).setVersion(version(id, 5)).build());
  }

  @BeforeEach
  void hats() {
    registry.write(HATS, "hats");
    know("a", ImageState.IMAGE_STATE_SEARCHABLE);
  }

  @Test
  void eachAttributeAndTheLabelsAreARecordOfTheImagesPartition() throws Exception {
    ImageVersion patched =
        patches.patch(
            "hats",
            "a",
            Patch.of(Map.of("price", TWO), List.of("color"), Optional.of(List.of("hat"))),
            "");
    assertThat(patched).isEqualTo(VERSION);
    assertThat(log.batches).as("together").containsExactly(3);
    assertThat(log.appended)
        .allMatch(
            record ->
                record.topic().equals(Topics.annotations(HATS))
                    && record.partition() == VERSION.getPartition());
    Append price = log.appended.get(0);
    assertThat(price.key()).isEqualTo(Keys.attribute("a", "price", VERSION));
    AnnotationEvent set = AnnotationEvent.parseFrom(price.value());
    assertThat(set.getImageVersion()).isEqualTo(VERSION);
    assertThat(set.getAttribute().getName()).isEqualTo("price");
    assertThat(set.getAttribute().getValue()).isEqualTo(TWO);
    AnnotationEvent removed = AnnotationEvent.parseFrom(log.appended.get(1).value());
    assertThat(removed.getAttribute().getName()).isEqualTo("color");
    assertThat(removed.getAttribute().hasValue()).isFalse();
    Append labels = log.appended.get(2);
    assertThat(labels.key()).isEqualTo(Keys.labels("a", LabelSource.LABEL_SOURCE_USER, VERSION));
    AnnotationEvent labelled = AnnotationEvent.parseFrom(labels.value());
    assertThat(labelled.getLabels().getSource()).isEqualTo(LabelSource.LABEL_SOURCE_USER);
    assertThat(labelled.getLabels().getLabels(0).getName()).isEqualTo("hat");
    assertThat(labelled.getRequestId()).isEqualTo(set.getRequestId()).isNotEmpty();
  }

  @Test
  void aPatchOfNoLabelsTakesThemAway() throws Exception {
    patches.patch("hats", "a", Patch.of(Map.of(), List.of(), Optional.of(List.of())), "");
    AnnotationEvent event = AnnotationEvent.parseFrom(log.appended.getFirst().value());
    assertThat(event.hasLabels()).isTrue();
    assertThat(event.getLabels().getLabelsCount()).isZero();
  }

  @Test
  void aTokenNamesTheVersionThatTheIndexNeedNotKnow() throws Exception {
    ImageVersion upload = version("new", 9);
    assertThat(patches.patch("hats", "new", PRICE, token(HATS, "new", upload))).isEqualTo(upload);
    assertThat(AnnotationEvent.parseFrom(log.appended.getFirst().value()).getImageVersion())
        .isEqualTo(upload);
  }

  @Test
  void aTokenOfAnythingElseIsRefused() {
    ImageVersion elsewhere = VERSION.toBuilder().setPartition(1 - VERSION.getPartition()).build();
    for (String token :
        List.of(
            "nonsense",
            token("other0000001", "a", VERSION),
            token(HATS, "b", VERSION),
            token(HATS, "a", elsewhere))) {
      refused(ErrorCode.INVALID_TOKEN, () -> patches.patch("hats", "a", PRICE, token));
    }
    assertThat(log.appended).isEmpty();
  }

  @Test
  void onlyWhatCanBeFoundIsPatched() {
    know("rejected", ImageState.IMAGE_STATE_REJECTED);
    refused(ErrorCode.NOT_SEARCHABLE, () -> patches.patch("hats", "rejected", PRICE, ""));
    refused(ErrorCode.IMAGE_NOT_FOUND, () -> patches.patch("hats", "never", PRICE, ""));
    refused(ErrorCode.INVALID_IMAGE_ID, () -> patches.patch("hats", "a/b", PRICE, ""));
    refused(ErrorCode.COLLECTION_NOT_FOUND, () -> patches.patch("shoes", "a", PRICE, ""));
    index.away = true;
    refused(ErrorCode.QUERY_UNAVAILABLE, () -> patches.patch("hats", "a", PRICE, ""));
    assertThat(log.appended).isEmpty();
  }

  @Test
  void aPatchByFilterPatchesTheVersionsThatMatched() throws Exception {
    for (String id : List.of("a1", "a2", "b1")) {
      know(id, ImageState.IMAGE_STATE_SEARCHABLE);
    }
    know("a3", ImageState.IMAGE_STATE_REJECTED);
    assertThat(patches.patchMatching("hats", "a", PRICE)).isEqualTo(3);
    assertThat(log.appended).hasSize(3);
    assertThat(AnnotationEvent.parseFrom(log.appended.get(1).value()).getImageVersion())
        .isEqualTo(version("a1", 5));
    refused(ErrorCode.INVALID_FILTER, () -> patches.patchMatching("hats", "", PRICE));
  }

  @Test
  void aLargePageIsWrittenInBoundedPieces() {
    IntStream.range(0, 600).forEach(i -> know("many" + i, ImageState.IMAGE_STATE_SEARCHABLE));
    index.page = 1000;
    Patch both = Patch.of(Map.of("price", TWO), List.of("color"), Optional.empty());
    assertThat(patches.patchMatching("hats", "many", both)).isEqualTo(600);
    assertThat(log.appended).hasSize(1200);
    assertThat(log.batches).allMatch(size -> size <= 1001).hasSizeGreaterThan(1);
  }

  @Test
  void whatWasPatchedBeforeAFailureStaysPatched() {
    for (String id : List.of("a1", "a2", "a3", "a4")) {
      know(id, ImageState.IMAGE_STATE_SEARCHABLE);
    }
    log.meanwhile = () -> index.away = true;
    refused(ErrorCode.QUERY_UNAVAILABLE, () -> patches.patchMatching("hats", "a", PRICE));
    assertThat(log.appended).hasSize(2);
  }

  private static void refused(ErrorCode code, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
