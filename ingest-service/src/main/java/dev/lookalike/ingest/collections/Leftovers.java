package dev.lookalike.ingest.collections;

import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.ingest.log.Broker;
import dev.lookalike.log.RegistryView;
import dev.lookalike.log.Topics;
import dev.lookalike.service.error.RefusedException;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jboss.logging.Logger;

/**
 * Takes away what this service made for collections that are deleted: their topics of images,
 * annotations and classifiers, and their originals. Does so once for each, and looks again from
 * time to time: an upload may have been under way, and a broker that creates topics by itself
 * brings them back. Whatever is interrupted is made up for by the next call, also of another
 * process. Thread-safe.
 */
@Singleton
public class Leftovers {
  private static final Logger LOG = Logger.getLogger(Leftovers.class);
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  private final Broker broker;
  private final BlobStore blobs;
  private final Set<String> clean = new HashSet<>();
  private long lookAgain = System.nanoTime();

  public Leftovers(Broker broker, BlobStore blobs) {
    this.broker = broker;
    this.blobs = blobs;
  }

  /**
   * Takes away what is left of these.
   *
   * @throws RefusedException BROKER_UNAVAILABLE
   */
  synchronized void remove(List<RegistryView.Deleted> deleted) {
    if (System.nanoTime() - lookAgain >= 0) {
      clean.clear();
      lookAgain = System.nanoTime() + LOOK_AGAIN.toNanos();
    }
    List<String> ids =
        deleted.stream().map(RegistryView.Deleted::id).filter(id -> !clean.contains(id)).toList();
    if (ids.isEmpty()) {
      return;
    }
    Set<String> there = broker.topics();
    for (String id : ids) {
      if (remove(id, there)) {
        clean.add(id);
      }
    }
  }

  private boolean remove(String id, Set<String> there) {
    boolean clean = true;
    try {
      for (String topic :
          List.of(Topics.images(id), Topics.annotations(id), Topics.classifiers(id))) {
        clean &= !there.contains(topic) || isDeleted(topic);
      }
      blobs.deleteCollection(id);
      return clean;
    } catch (IOException | KafkaException e) {
      LOG.warnf("what is left of the deleted collection %s stays for now: %s", id, e);
      return false;
    }
  }

  /** Where the service has not the right to delete topics, what else is left goes all the same. */
  private boolean isDeleted(String topic) {
    try {
      broker.deleteTopic(topic);
      LOG.infof("deleted topic %s", topic);
      return true;
    } catch (AuthorizationException e) {
      LOG.warnf("topic %s of a deleted collection stays: %s", topic, e.getMessage());
      return false;
    }
  }
}
