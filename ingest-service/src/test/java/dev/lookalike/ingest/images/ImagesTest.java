package dev.lookalike.ingest.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.CanonicalImage;
import dev.lookalike.imaging.CanonicalResult;
import dev.lookalike.imaging.ImageFormat;
import dev.lookalike.imaging.RefusalReason;
import dev.lookalike.ingest.blobs.BlobKey;
import dev.lookalike.ingest.blobs.FakeBlobs;
import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.fakes.FakeIndex;
import dev.lookalike.ingest.fakes.FakeLog;
import dev.lookalike.ingest.fakes.FakeRegistry;
import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.ingest.records.Append;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Tokens;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.ImageEvent;
import dev.lookalike.proto.events.v1.Stored;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Images in a log in memory, of a decoder that knows one image. */
class ImagesTest {
  private static final String HATS = "hats00000001";
  private static final Instant NOW = Instant.parse("2026-01-31T12:00:00.5Z");
  private static final byte[] UPLOAD = {1, 2, 3};
  private static final byte[] JPEG = {7, 8};

  private final FakeLog log = new FakeLog();
  private final FakeRegistry registry = new FakeRegistry(log);
  private final FakeIndex index = new FakeIndex();
  private final FakeBlobs blobs = new FakeBlobs();
  private CanonicalResult canonical =
      new CanonicalResult.Canonical(new CanonicalImage(JPEG, 512, 300), ImageFormat.PNG, 1024, 600);
  private Optional<Bounds> asked = Optional.empty();
  private final Catalogue catalogue = new Catalogue(registry);
  private final Images images =
      new Images(
          catalogue,
          (untrusted, bounds) -> {
            asked = Optional.of(bounds);
            return canonical;
          },
          blobs,
          new ImageLog(catalogue, log, log),
          index,
          new IngestMetrics(new SimpleMeterRegistry()),
          () -> NOW);

  @BeforeEach
  void hats() {
    registry.write(HATS, "hats");
  }

  private static PutCommand command(String id) {
    return PutCommand.of(
        "hats",
        Optional.of(id),
        Optional.empty(),
        Map.of("price", AttributeValue.newBuilder().setNumber(2).build()),
        List.of("hat"));
  }

  private ImageEvent event(ImageVersion version) throws Exception {
    byte[] value =
        log.partition(Topics.images(HATS), version.getPartition())
            .get((int) version.getOffset())
            .value();
    return ImageEvent.parseFrom(value == null ? new byte[0] : value);
  }

  @Test
  void theVersionIsThePlaceOfTheRecord() throws Exception {
    images.put(command("other"), UPLOAD);
    Accepted first = images.put(command("a"), UPLOAD);
    Accepted second = images.put(command("a"), UPLOAD);
    int partition = Keys.partition("a", 2);
    assertThat(first.version().getPartition()).isEqualTo(partition);
    assertThat(first.version().getGeneration()).isEqualTo(1);
    assertThat(second.version().getOffset()).isEqualTo(first.version().getOffset() + 1);
    assertThat(first.collection()).isEqualTo("hats");
    assertThat(log.partition(Topics.images(HATS), partition).getLast().key())
        .isEqualTo(Keys.image("a"));
    assertThat(Tokens.decode(second.token()))
        .hasValueSatisfying(
            token -> {
              assertThat(token.getCollectionId()).isEqualTo(HATS);
              assertThat(token.getImageId()).isEqualTo("a");
              assertThat(token.getVersion()).isEqualTo(second.version());
            });
  }

  @Test
  void theRecordHoldsTheCanonicalImageAndWhatTheUploadSaid() throws Exception {
    Stored stored = event(images.put(command("a"), UPLOAD).version()).getStored();
    assertThat(stored.getCanonical().getInline().toByteArray()).isEqualTo(JPEG);
    assertThat(stored.getCanonical().getWidth()).isEqualTo(512);
    assertThat(stored.getCanonical().getHeight()).isEqualTo(300);
    assertThat(stored.getCanonical().getMediaType()).isEqualTo("image/jpeg");
    assertThat(stored.getOriginal().getMediaType()).isEqualTo("image/png");
    assertThat(stored.getOriginal().getWidth()).isEqualTo(1024);
    assertThat(stored.getOriginal().getSizeBytes()).isEqualTo(3);
    assertThat(stored.getOriginal().hasBlob()).isFalse();
    // printf '\1\2\3' | sha256sum
    assertThat(HexFormat.of().formatHex(stored.getOriginal().getSha256().toByteArray()))
        .isEqualTo("039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81");
    assertThat(stored.getBounds().getShortSide()).isEqualTo(512);
    assertThat(stored.getAttributesMap()).containsOnlyKeys("price");
    assertThat(stored.getLabels(0).getName()).isEqualTo("hat");
    assertThat(stored.getAcceptedAt().getSeconds()).isEqualTo(NOW.getEpochSecond());
    assertThat(stored.getAttempt()).isEqualTo(1);
    assertThat(stored.hasRetryOf()).isFalse();
    assertThat(asked).hasValue(new Bounds(512, 4096, 90, 1 << 20));
  }

  @Test
  void withoutAnIdTheContentGivesIt() {
    PutCommand unnamed =
        PutCommand.of("hats", Optional.empty(), Optional.empty(), Map.of(), List.of());
    String id = images.put(unnamed, UPLOAD).imageId();
    assertThat(id).isEqualTo(ImageIds.ofContent(UPLOAD));
    assertThat(images.put(unnamed, UPLOAD).imageId()).isEqualTo(id);
    assertThat(images.put(unnamed, new byte[] {9}).imageId()).isNotEqualTo(id);
  }

  @Test
  void whatIsNoImageIsRefusedWithTheDecodersCode() {
    canonical = new CanonicalResult.Refused(RefusalReason.TOO_MANY_PIXELS, "50 megapixels");
    refused(ErrorCode.TOO_MANY_PIXELS, () -> images.put(command("a"), UPLOAD));
    assertThat(log.appended).isEmpty();
  }

  @Test
  void eachReasonOfTheDecoderIsACodeOfTheContract() {
    for (RefusalReason reason : RefusalReason.values()) {
      assertThat(ErrorCode.valueOf(reason.name()).name()).isEqualTo(reason.name());
    }
  }

  @Test
  void theOriginalIsKeptBeforeTheRecordSpeaksOfIt() throws Exception {
    registry.write(FakeRegistry.collection("kept00000001", "kept").setKeepOriginals(true).build());
    PutCommand command =
        PutCommand.of("kept", Optional.of("a"), Optional.empty(), Map.of(), List.of());
    blobs.away = true;
    refused(ErrorCode.STORAGE_UNAVAILABLE, () -> images.put(command, UPLOAD));
    assertThat(log.appended).isEmpty();
    blobs.away = false;
    images.put(command, UPLOAD);
    Stored stored = ImageEvent.parseFrom(log.appended.getLast().value()).getStored();
    BlobKey key = BlobKey.parse(stored.getOriginal().getBlob().getKey()).orElseThrow();
    assertThat(key.collectionId()).isEqualTo("kept00000001");
    assertThat(blobs.open(key).orElseThrow().bytes()).hasBinaryContent(UPLOAD);
  }

  @Test
  void acceptedIntoADeletedCollectionIsNotAccepted() {
    log.meanwhile = () -> registry.delete(HATS);
    refused(ErrorCode.COLLECTION_NOT_FOUND, () -> images.put(command("a"), UPLOAD));
    refused(ErrorCode.COLLECTION_NOT_FOUND, () -> images.put(command("a"), UPLOAD));
    refused(ErrorCode.COLLECTION_NOT_FOUND, () -> images.requireCollection("hats"));
  }

  @Test
  void aBrokerWithoutTheTopicsOfADeletedCollectionIsNotToBlame() {
    log.away = true;
    refused(ErrorCode.BROKER_UNAVAILABLE, () -> images.put(command("a"), UPLOAD));
    log.meanwhile = () -> registry.delete(HATS);
    refused(ErrorCode.COLLECTION_NOT_FOUND, () -> images.put(command("a"), UPLOAD));
  }

  @Test
  void whatIsNotThereIsDeletedAllTheSame() throws Exception {
    Accepted deleted = images.delete("hats", "never");
    assertThat(event(deleted.version()).hasDeleted()).isTrue();
    refused(ErrorCode.INVALID_IMAGE_ID, () -> images.delete("hats", "a/b"));
  }

  @Test
  void aDeleteByFilterGivesTheLastTokenOfEachPartition() {
    for (String id : List.of("a1", "a2", "a3", "a4", "a5", "b1")) {
      know(id, ImageState.IMAGE_STATE_SEARCHABLE, entry -> entry);
    }
    know("a6", ImageState.IMAGE_STATE_REJECTED, entry -> entry);
    Images.DeletedImages deleted = images.deleteMatching("hats", "a");
    assertThat(deleted.matched()).isEqualTo(5);
    assertThat(log.batches).as("page by page").containsExactly(2, 2, 1);
    assertThat(log.appended)
        .extracting(record -> Keys.imageId(record.key()))
        .containsExactly("a1", "a2", "a3", "a4", "a5");
    List<ImageVersion> lasts =
        deleted.tokens().stream()
            .map(token -> Tokens.decode(token).orElseThrow().getVersion())
            .toList();
    assertThat(lasts).isNotEmpty();
    for (ImageVersion last : lasts) {
      assertThat(last.getOffset())
          .isEqualTo(log.partition(Topics.images(HATS), last.getPartition()).size() - 1);
    }
    assertThat(lasts).extracting(ImageVersion::getPartition).doesNotHaveDuplicates();
  }

  @Test
  void anEmptyFilterDoesNotMeanEverything() {
    know("a1", ImageState.IMAGE_STATE_SEARCHABLE, entry -> entry);
    refused(ErrorCode.INVALID_FILTER, () -> images.deleteMatching("hats", " "));
    assertThat(log.appended).isEmpty();
  }

  @Test
  void aRejectedImageIsOfferedAgainAsItWas() throws Exception {
    Accepted first = images.put(command("a"), UPLOAD);
    reject("a", first.version());
    Accepted again = images.retry("hats", "a");
    Stored stored = event(again.version()).getStored();
    assertThat(stored.getAttempt()).isEqualTo(2);
    assertThat(stored.getRetryOf()).isEqualTo(first.version());
    assertThat(stored.getCanonical()).isEqualTo(event(first.version()).getStored().getCanonical());
    assertThat(stored.getAttributesMap()).containsOnlyKeys("price");
  }

  @Test
  void onlyARejectedImageThatCanBeReadIsOfferedAgain() {
    Accepted first = images.put(command("a"), UPLOAD);
    refused(ErrorCode.IMAGE_NOT_FOUND, () -> images.retry("hats", "a"));
    know("a", ImageState.IMAGE_STATE_SEARCHABLE, entry -> entry.setVersion(first.version()));
    refused(ErrorCode.NOT_REJECTED, () -> images.retry("hats", "a"));
    know(
        "a",
        ImageState.IMAGE_STATE_REJECTED,
        entry -> entry.setVersion(first.version()).setReason("RECORD_UNREADABLE"));
    refused(ErrorCode.NOT_RETRYABLE, () -> images.retry("hats", "a"));
    index.away = true;
    refused(ErrorCode.QUERY_UNAVAILABLE, () -> images.retry("hats", "a"));
  }

  @Test
  void whatIsReplacedByANewerVersionIsNotOfferedAgain() {
    Accepted first = images.put(command("a"), UPLOAD);
    reject("a", first.version());
    images.put(command("a"), UPLOAD);
    refused(ErrorCode.SUPERSEDED, () -> images.retry("hats", "a"));
    // Compacted away: only the newer one is left.
    reject("a", first.version().toBuilder().setOffset(99).build());
    refused(ErrorCode.SUPERSEDED, () -> images.retry("hats", "a"));
  }

  @Test
  void onlyWhatTheIndexHasNotSeenIsSearchedForANewerVersion() {
    Accepted first = images.put(command("a"), UPLOAD);
    Accepted second = images.put(command("a"), UPLOAD);
    reject("a", first.version());
    index.positions =
        List.of(
            PartitionPosition.newBuilder()
                .setPartition(second.version().getPartition())
                .setApplied(second.version().getOffset() + 1)
                .build());
    // The index has seen the second and still says that the first is the newest: so it is.
    assertThat(images.retry("hats", "a").version().getOffset())
        .isEqualTo(second.version().getOffset() + 1);
  }

  @Test
  void aVersionIsReadOnlyWhereItCanBe() throws Exception {
    ImageLog versions = new ImageLog(catalogue, log, log);
    Collection hats = catalogue.get("hats").collection();
    ImageVersion version = images.put(command("a"), UPLOAD).version();
    assertThat(versions.stored(hats, "a", version)).isPresent();
    assertThat(versions.stored(hats, "a", version.toBuilder().setGeneration(2).build())).isEmpty();
    assertThat(
            versions.stored(
                hats, "a", version.toBuilder().setPartition(1 - version.getPartition()).build()))
        .isEmpty();
    assertThat(versions.stored(hats, "a", version.toBuilder().setOffset(9).build())).isEmpty();
    ImageVersion deletion = images.delete("hats", "a").version();
    assertThat(versions.stored(hats, "a", deletion)).isEmpty();
    String neighbour = sameNeighbour("a");
    ImageVersion other = images.put(command(neighbour), UPLOAD).version();
    assertThat(versions.stored(hats, "a", other)).as("of another image").isEmpty();
    log.write(
        new Append(
            Topics.images(HATS),
            version.getPartition(),
            Keys.image("a"),
            new byte[] {(byte) 0xff}));
    assertThat(
            versions.stored(
                hats,
                "a",
                version.toBuilder()
                    .setOffset(
                        log.partition(Topics.images(HATS), version.getPartition()).size() - 1)
                    .build()))
        .as("unreadable")
        .isEmpty();
  }

  /** An id whose images are in the same partition of two. */
  private static String sameNeighbour(String id) {
    return List.of("b", "c", "d", "e", "f", "g").stream()
        .filter(other -> Keys.partition(other, 2) == Keys.partition(id, 2))
        .findFirst()
        .orElseThrow();
  }

  private void reject(String id, ImageVersion version) {
    know(
        id,
        ImageState.IMAGE_STATE_REJECTED,
        entry -> entry.setVersion(version).setReason("MODEL_FAILED"));
  }

  private void know(String id, ImageState state, UnaryOperator<ImageEntry.Builder> change) {
    index.put(change.apply(ImageEntry.newBuilder().setImageId(id).setState(state)).build());
  }

  private static void refused(ErrorCode code, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
