package dev.lookalike.ingest.blobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.ingest.fakes.FakeIndex;
import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.proto.image.v1.BlobReference;
import dev.lookalike.proto.image.v1.OriginalImage;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.PartitionPosition;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real store, and an index made up. */
@NullUnmarked
class OrphanSweepTest {
  private static final String COLLECTION = "default00001";
  private static final Clock TOMORROW = Clock.offset(Clock.systemUTC(), Duration.ofHours(25));

  @TempDir Path directory;
  private final FakeIndex index = new FakeIndex();
  private InstantSource clock = TOMORROW;
  private FileBlobStore store;
  private OrphanSweep sweep;

  @BeforeEach
  void start() {
    store = new FileBlobStore(directory);
    sweep =
        new OrphanSweep(
            store,
            index::index,
            index::image,
            new BlobSettings() {
              @Override
              public Path directory() {
                return directory;
              }

              @Override
              public Duration sweepEvery() {
                return Duration.ofHours(6);
              }

              @Override
              public Duration grace() {
                return Duration.ofHours(24);
              }
            },
            new IngestMetrics(new SimpleMeterRegistry()),
            () -> clock.instant());
    position(7, 7);
  }

  private void position(long applied, long end) {
    index.positions =
        List.of(PartitionPosition.newBuilder().setApplied(applied).setImagesEnd(end).build());
  }

  private BlobKey put(String imageId, int content) throws Exception {
    byte[] hash = new byte[32];
    hash[0] = (byte) content;
    BlobKey key = BlobKey.of(COLLECTION, imageId, hash);
    store.put(key, imageId, new byte[] {1});
    return key;
  }

  private void know(String imageId, ImageState state, BlobKey key) {
    index.put(
        ImageEntry.newBuilder()
            .setImageId(imageId)
            .setState(state)
            .setOriginal(
                OriginalImage.newBuilder().setBlob(BlobReference.newBuilder().setKey(key.text())))
            .build());
  }

  private boolean there(BlobKey key) throws Exception {
    return store.open(key).isPresent();
  }

  @Test
  void removesWhatNoCurrentImageHas() throws Exception {
    BlobKey current = put("kept", 1);
    BlobKey replaced = put("kept", 2);
    BlobKey rejected = put("rejected", 3);
    BlobKey deleted = put("deleted", 4);
    BlobKey unknown = put("unknown", 5);
    know("kept", ImageState.IMAGE_STATE_SEARCHABLE, current);
    know("rejected", ImageState.IMAGE_STATE_REJECTED, rejected);
    know("deleted", ImageState.IMAGE_STATE_DELETED, deleted);
    sweep.sweep();
    assertThat(there(current)).isTrue();
    assertThat(there(rejected)).as("a retry may need it").isTrue();
    assertThat(there(replaced)).isFalse();
    assertThat(there(deleted)).isFalse();
    assertThat(there(unknown)).isFalse();
  }

  @Test
  void keepsWhatIsYoung() throws Exception {
    BlobKey unknown = put("unknown", 1);
    clock = Clock.systemUTC();
    sweep.sweep();
    assertThat(there(unknown)).isTrue();
  }

  @Test
  void keepsAllWhileTheIndexIsBehind() throws Exception {
    BlobKey unknown = put("unknown", 1);
    position(6, 7);
    sweep.sweep();
    assertThat(there(unknown)).isTrue();
  }

  @Test
  void keepsAllWhileTheIndexTellsNoPosition() throws Exception {
    BlobKey unknown = put("unknown", 1);
    index.positions = List.of();
    sweep.sweep();
    assertThat(there(unknown)).isTrue();
  }

  @Test
  void keepsAllWhileTheIndexDoesNotAnswer() throws Exception {
    BlobKey unknown = put("unknown", 1);
    index.away = true;
    sweep.sweep();
    assertThat(there(unknown)).isTrue();
  }
}
