package dev.lookalike.embed.log;

import dev.lookalike.log.RegistryView;
import dev.lookalike.service.kafka.KafkaAdmin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.KafkaException;
import org.jboss.logging.Logger;

/**
 * Takes away what this service made for collections that are deleted: the topics of embeddings, the
 * consumer groups, the registry's records of their builds. Whatever is interrupted, or is still
 * used by another instance, is made up for by the next call, also of another process. Used by one
 * thread.
 */
final class Leftovers {
  private static final Logger LOG = Logger.getLogger(Leftovers.class);

  /**
   * Nothing is left when nothing was found twice, so far apart. A group can come back once: a
   * consumer that was closed while it joined, or a rebalance that the broker ends after the
   * deletion.
   */
  private static final Duration SETTLED = Duration.ofSeconds(3);

  private final KafkaAdmin admin;
  private final Registrar registrar;
  private final Set<String> clean = new HashSet<>();

  /** When nothing was found for the first time, in {@link System#nanoTime}. */
  private final Map<String, Long> emptySince = new HashMap<>();

  /** Forgets a record of the registry. */
  interface Registrar {
    void forget(String key);
  }

  Leftovers(KafkaAdmin admin, Registrar registrar) {
    this.admin = admin;
    this.registrar = registrar;
  }

  /**
   * Takes away what is left of these.
   *
   * @return whether nothing is left
   */
  boolean remove(List<RegistryView.Deleted> deleted) {
    List<RegistryView.Deleted> unclean = new ArrayList<>();
    for (RegistryView.Deleted each : deleted) {
      // A build that was bound while the collection was being deleted.
      if (!each.builds().isEmpty() || !clean.contains(each.id())) {
        unclean.add(each);
      }
    }
    if (unclean.isEmpty()) {
      return true;
    }
    Set<String> topics = admin.topics();
    Set<String> groups = admin.groups();
    boolean all = true;
    for (RegistryView.Deleted each : unclean) {
      all &= remove(each, topics, groups);
    }
    return all;
  }

  private boolean remove(RegistryView.Deleted gone, Set<String> topics, Set<String> groups) {
    boolean found = false;
    try {
      for (String topic : topics) {
        if (topic.startsWith("lookalike.embeddings." + gone.id() + ".")) {
          found = true;
          admin.deleteTopic(topic);
          LOG.infof("deleted topic %s", topic);
        }
      }
      for (String group : groups) {
        if (group.startsWith("lookalike.embed." + gone.id() + ".")) {
          found = true;
          admin.deleteGroup(group);
          LOG.infof("deleted consumer group %s", group);
        }
      }
      if (found) {
        emptySince.remove(gone.id());
        return false;
      }
      long since = emptySince.computeIfAbsent(gone.id(), id -> System.nanoTime());
      if (System.nanoTime() - since < SETTLED.toNanos()) {
        return false;
      }
      emptySince.remove(gone.id());
      gone.builds().forEach(build -> registrar.forget(gone.id() + "/" + build));
      clean.add(gone.id());
      return true;
    } catch (KafkaException e) {
      LOG.warnf(
          "what is left of the deleted collection %s stays for now: %s", gone.id(), e.getMessage());
      return false;
    }
  }
}
