package dev.lookalike.embed.binding;

import dev.lookalike.log.RegistryView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
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

  private final Broker broker;
  private final Registrar registrar;
  private final Set<String> clean = new HashSet<>();

  /** Forgets a record of the registry. */
  interface Registrar {
    void forget(String key);
  }

  Leftovers(Broker broker, Registrar registrar) {
    this.broker = broker;
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
    Set<String> topics = broker.topics();
    Set<String> groups = broker.groups();
    boolean all = true;
    for (RegistryView.Deleted each : unclean) {
      all &= remove(each, topics, groups);
    }
    return all;
  }

  private boolean remove(RegistryView.Deleted gone, Set<String> topics, Set<String> groups) {
    try {
      for (String topic : topics) {
        if (topic.startsWith("lookalike.embeddings." + gone.id() + ".")) {
          broker.deleteTopic(topic);
          LOG.infof("deleted topic %s", topic);
        }
      }
      for (String group : groups) {
        if (group.startsWith("lookalike.embed." + gone.id() + ".")) {
          broker.deleteGroup(group);
          LOG.infof("deleted consumer group %s", group);
        }
      }
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
