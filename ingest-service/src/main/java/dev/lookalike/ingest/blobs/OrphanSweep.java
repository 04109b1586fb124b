package dev.lookalike.ingest.blobs;

import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.service.error.RefusedException;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Removes originals that belong to no current image, from time to time, in a thread of its own.
 * Spares blobs younger than the grace period and collections whose index is behind the log; removes
 * nothing while the query service does not answer.
 */
public final class OrphanSweep implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(OrphanSweep.class);

  private final BlobStore store;
  private final Function<String, DescribeIndexResponse> index;
  private final BiFunction<String, String, Optional<ImageEntry>> images;
  private final BlobSettings settings;
  private final IngestMetrics metrics;
  private final InstantSource clock;
  private @Nullable Thread thread;

  /**
   * @param index how far the index of a collection is, by its id
   * @param images what the index knows of an image, by the ids of its collection and itself
   */
  public OrphanSweep(
      BlobStore store,
      Function<String, DescribeIndexResponse> index,
      BiFunction<String, String, Optional<ImageEntry>> images,
      BlobSettings settings,
      IngestMetrics metrics,
      InstantSource clock) {
    this.store = store;
    this.index = index;
    this.images = images;
    this.settings = settings;
    this.metrics = metrics;
    this.clock = clock;
  }

  /** Starts sweeping from time to time; once. */
  public void start() {
    thread =
        Thread.ofVirtual()
            .name("orphan-sweep")
            .start(
                () -> {
                  try {
                    while (true) {
                      Thread.sleep(settings.sweepEvery());
                      sweep();
                    }
                  } catch (InterruptedException e) {
                    LOG.debug("sweep ends");
                  }
                });
  }

  /** Looks at every blob once. */
  void sweep() {
    Instant youngest = clock.instant().minus(settings.grace());
    Map<String, Boolean> caughtUp = new HashMap<>();
    try {
      store.list(
          youngest,
          blob -> {
            String collectionId = blob.key().collectionId();
            // A blob that is put again meanwhile stays: delete checks its age once more.
            if (caughtUp.computeIfAbsent(collectionId, this::caughtUp)
                && orphan(blob)
                && store.delete(blob.key(), youngest)) {
              metrics.swept();
              LOG.infof("removed the orphaned original %s", blob.key().text());
            }
          });
    } catch (RefusedException e) {
      LOG.warnf("the sweep of originals is put off: %s", e.detail());
    } catch (IOException e) {
      LOG.warnf("the sweep of originals is put off: %s", e);
    }
  }

  private boolean caughtUp(String collectionId) {
    List<PartitionPosition> positions = index.apply(collectionId).getPartitionsList();
    for (PartitionPosition position : positions) {
      if (position.getApplied() < position.getImagesEnd()) {
        return false;
      }
    }
    // An index without partitions has not read the log: it would make every blob an orphan.
    return !positions.isEmpty();
  }

  private boolean orphan(BlobStore.Stored blob) {
    Optional<ImageEntry> current = images.apply(blob.key().collectionId(), blob.imageId());
    return current.isEmpty()
        || current.get().getState() == ImageState.IMAGE_STATE_DELETED
        || !current.get().getOriginal().getBlob().getKey().equals(blob.key().text());
  }

  @Override
  public void close() {
    Thread running = thread;
    if (running != null) {
      running.interrupt();
    }
  }
}
