package dev.lookalike.ingest.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lookalike.ingest.blobs.BlobKey;
import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.ingest.blobs.FakeBlobs;
import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.content.Contents.Variant;
import dev.lookalike.ingest.fakes.FakeIndex;
import dev.lookalike.ingest.fakes.FakeLog;
import dev.lookalike.ingest.fakes.FakeRegistry;
import dev.lookalike.ingest.images.ImageLog;
import dev.lookalike.ingest.records.Append;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.ImageEvent;
import dev.lookalike.proto.events.v1.Stored;
import dev.lookalike.proto.image.v1.BlobReference;
import dev.lookalike.proto.image.v1.CanonicalImage;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.OriginalImage;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ContentsTest {
  private static final String HATS = "hats00000001";
  private static final byte[] JPEG = {7, 8, 9};
  private static final byte[] PNG = {1, 2};
  private static final BlobKey KEY = BlobKey.of(HATS, "a", new byte[32]);

  private final FakeLog log = new FakeLog();
  private final FakeRegistry registry = new FakeRegistry(log);
  private final FakeIndex index = new FakeIndex();
  private final FakeBlobs blobs = new FakeBlobs();
  private final Catalogue catalogue = new Catalogue(registry);
  private final Contents contents =
      new Contents(
          catalogue,
          new ImageLog(catalogue, log, log),
          index,
          (jpeg, longSide) -> new byte[] {jpeg[0], (byte) (longSide >> 8)},
          blobs);

  @BeforeEach
  void hats() throws Exception {
    registry.write(HATS, "hats");
    blobs.put(KEY, "a", PNG);
  }

  private ImageVersion store(boolean withOriginal, byte... jpeg) {
    OriginalImage.Builder original =
        OriginalImage.newBuilder()
            .setMediaType("image/png")
            .setSha256(ByteString.copyFrom(new byte[] {0x0f, (byte) 0xf0}));
    if (withOriginal) {
      original.setBlob(BlobReference.newBuilder().setKey(KEY.text()));
    }
    int partition = Keys.partition("a", 2);
    log.write(
        new Append(
            Topics.images(HATS),
            partition,
            Keys.image("a"),
            ImageEvent.newBuilder()
                .setStored(
                    Stored.newBuilder()
                        .setCanonical(
                            CanonicalImage.newBuilder()
                                .setMediaType("image/jpeg")
                                .setSha256(ByteString.copyFrom(new byte[] {(byte) 0xab, 1}))
                                .setInline(ByteString.copyFrom(jpeg)))
                        .setOriginal(original))
                .build()
                .toByteArray()));
    return ImageVersion.newBuilder()
        .setGeneration(1)
        .setPartition(partition)
        .setOffset(log.partition(Topics.images(HATS), partition).size() - 1)
        .build();
  }

  private Contents.Found find(Variant variant, ImageVersion version) {
    return contents.find("hats", "a", variant, Optional.of(version));
  }

  private static byte[] bytes(BlobStore.Opened opened) throws IOException {
    byte[] bytes = opened.bytes().readAllBytes();
    assertThat(opened.sizeBytes()).isEqualTo(bytes.length);
    return bytes;
  }

  @Test
  void eachVariantHasItsBytesItsTypeAndItsTag() throws Exception {
    ImageVersion version = store(true, JPEG);
    Contents.Found canonical = find(Variant.CANONICAL, version);
    assertThat(canonical.mediaType()).isEqualTo("image/jpeg");
    assertThat(canonical.tag()).isEqualTo("ab01");
    assertThat(bytes(contents.open(canonical))).isEqualTo(JPEG);
    Contents.Found thumbnail = find(Variant.THUMBNAIL, version);
    assertThat(thumbnail.tag()).isEqualTo("ab01-256");
    assertThat(bytes(contents.open(thumbnail))).containsExactly(7, 1);
    Contents.Found original = find(Variant.ORIGINAL, version);
    assertThat(original.mediaType()).isEqualTo("image/png");
    assertThat(original.tag()).isEqualTo("0ff0");
    assertThat(bytes(contents.open(original))).isEqualTo(PNG);
  }

  @Test
  void withoutAVersionItIsTheOneThatTheIndexKnows() throws Exception {
    ImageVersion old = store(false, JPEG);
    ImageVersion present = store(false, (byte) 5);
    refused(
        ErrorCode.IMAGE_NOT_FOUND,
        () -> contents.find("hats", "a", Variant.CANONICAL, Optional.empty()));
    index.put(ImageEntry.newBuilder().setImageId("a").setVersion(present).build());
    Contents.Found found = contents.find("hats", "a", Variant.CANONICAL, Optional.empty());
    assertThat(found.version()).isEqualTo(present);
    assertThat(bytes(contents.open(found))).containsExactly(5);
    index.away = true;
    assertThat(bytes(contents.open(find(Variant.CANONICAL, old))))
        .as("an old version needs no index")
        .isEqualTo(JPEG);
  }

  @Test
  void whatIsNotKeptIsNotFound() {
    ImageVersion version = store(false, JPEG);
    refused(ErrorCode.CONTENT_NOT_FOUND, () -> find(Variant.ORIGINAL, version));
    refused(
        ErrorCode.CONTENT_NOT_FOUND,
        () -> find(Variant.CANONICAL, version.toBuilder().setOffset(99).build()));
    refused(
        ErrorCode.INVALID_IMAGE_ID,
        () -> contents.find("hats", "../a", Variant.CANONICAL, Optional.of(version)));
  }

  @Test
  void anOriginalThatCannotBeReadNowIsNotGone() throws Exception {
    Contents.Found found = find(Variant.ORIGINAL, store(true, JPEG));
    blobs.away = true;
    refused(ErrorCode.STORAGE_UNAVAILABLE, () -> contents.open(found));
    blobs.away = false;
    blobs.deleteCollection(HATS);
    refused(ErrorCode.CONTENT_NOT_FOUND, () -> contents.open(found));
  }

  private static void refused(ErrorCode code, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(RefusedException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
