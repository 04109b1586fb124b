package dev.lookalike.ingest.collections;

import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.log.RegistryView;
import dev.lookalike.log.Topics;
import dev.lookalike.service.error.RefusedException;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * Removes what this service made for deleted collections: their topics of images, annotations and
 * classifiers, and their originals. Does so once for each, and looks again from time to time: an
 * upload may have been under way, and a broker that creates topics on first use brings them back.
 * The next call, of this or another process, finishes what was interrupted. Thread-safe.
 */
public final class Leftovers {
  private static final Logger LOG = Logger.getLogger(Leftovers.class);
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  private final CollectionTopics topics;
  private final BlobStore blobs;
  private final LongSupplier nanos;
  private final Set<String> clean = new HashSet<>();
  private long lookAgain;

  /**
   * @param nanos as {@link System#nanoTime}
   */
  public Leftovers(CollectionTopics topics, BlobStore blobs, LongSupplier nanos) {
    this.topics = topics;
    this.blobs = blobs;
    this.nanos = nanos;
    this.lookAgain = nanos.getAsLong();
  }

  /**
   * Removes what is left of these.
   *
   * @throws RefusedException BROKER_UNAVAILABLE
   */
  synchronized void remove(List<RegistryView.Deleted> deleted) {
    long now = nanos.getAsLong();
    if (now - lookAgain >= 0) {
      clean.clear();
      lookAgain = now + LOOK_AGAIN.toNanos();
    }
    List<String> ids =
        deleted.stream().map(RegistryView.Deleted::id).filter(id -> !clean.contains(id)).toList();
    if (ids.isEmpty()) {
      return;
    }
    Set<String> there = topics.names();
    for (String id : ids) {
      if (remove(id, there)) {
        clean.add(id);
      }
    }
  }

  /** Removes the originals even where the broker does not let this service delete topics. */
  private boolean remove(String id, Set<String> there) {
    boolean gone = true;
    for (String topic :
        List.of(Topics.images(id), Topics.annotations(id), Topics.classifiers(id))) {
      if (there.contains(topic)) {
        gone &= topics.delete(topic);
      }
    }
    try {
      blobs.deleteCollection(id);
      return gone;
    } catch (IOException e) {
      LOG.warnf("cannot remove the originals of the deleted collection %s yet: %s", id, e);
      return false;
    }
  }
}
