package dev.lookalike.query;

import dev.lookalike.log.CollectionRegistry;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.catalog.Catalog;
import dev.lookalike.query.catalog.CollectionWait;
import dev.lookalike.query.catalog.Follower;
import dev.lookalike.query.catalog.ProgressSignal;
import dev.lookalike.query.catalog.Rebuilds;
import dev.lookalike.query.catalog.Slots;
import dev.lookalike.query.client.EmbedClient;
import dev.lookalike.query.index.lucene.Simd;
import dev.lookalike.query.log.BuildFollower;
import dev.lookalike.query.log.LogComparison;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.search.ContentUrls;
import dev.lookalike.query.search.Entries;
import dev.lookalike.query.search.IndexOperations;
import dev.lookalike.query.search.SearchSettings;
import dev.lookalike.query.search.Searches;
import dev.lookalike.query.search.Statuses;
import dev.lookalike.query.store.IndexSettings;
import dev.lookalike.query.store.IndexStore;
import dev.lookalike.query.store.LuceneStore;
import dev.lookalike.query.store.MilvusStore;
import dev.lookalike.service.access.ServiceKey;
import dev.lookalike.service.admission.Admission;
import dev.lookalike.service.admission.AdmissionPolicy;
import dev.lookalike.service.admission.RequestPolicy;
import dev.lookalike.service.kafka.BrokerWatch;
import dev.lookalike.service.kafka.KafkaAdmin;
import dev.lookalike.service.process.StartGuard;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.Startup;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/** Makes the parts, starts them with the process and stops them in reverse. */
@Startup
@ApplicationScoped
public class Wiring {
  private static final Duration PROBE_EVERY = Duration.ofSeconds(1);

  private final QueryMetrics metrics;
  private final KafkaAdmin admin;
  private final BrokerWatch broker;
  private final IndexStore store;
  private final Catalog catalog;
  private final Rebuilds rebuilds;
  private final EmbedClient embed;
  private final Searches searches;
  private final Statuses statuses;
  private final Entries entries;
  private final IndexOperations operations;
  private volatile @Nullable CollectionRegistry registry;

  Wiring(QuerySettings settings, StartGuard guard, ServiceKey key, MeterRegistry meters) {
    guard.check();
    Map<String, Object> kafka = settings.kafka().forClient();
    IndexSettings index = settings.index();
    SearchSettings search = settings.search();
    metrics = new QueryMetrics(meters);
    admin = new KafkaAdmin(settings.kafka(), "lookalike-query-watch");
    broker = new BrokerWatch(admin, settings.kafka(), PROBE_EVERY);
    broker.start(() -> {});
    LogComparison.sweep(index.directory());
    store =
        switch (index.type()) {
          case LUCENE -> new LuceneStore(index);
          case MILVUS -> new MilvusStore(index);
        };
    if (index.type() == IndexSettings.Type.LUCENE) {
      metrics.simd(Simd.isUsed());
    }

    ProgressSignal signal = new ProgressSignal();
    Follower.Factory followers =
        (collection, build, source) ->
            new BuildFollower(collection, build, kafka, index, source, signal, metrics);
    catalog = new Catalog(store, followers, signal, this::registryProblem);
    metrics.watch(catalog, Catalog::images, Catalog::lag);
    rebuilds =
        new Rebuilds(catalog, store, followers, index.milvus().watchInterval(), metrics::rebuilt);
    follow(kafka);
    rebuilds.watchOutdated();

    CollectionWait collections =
        new CollectionWait(catalog::find, signal, search.bindWait(), search.maxWaiting());
    ContentUrls urls = new ContentUrls(settings.contentUrl().toString());
    Slots reading = new Slots(search.maxConcurrent(), "requests");
    embed = new EmbedClient(settings.embed().address(), key, search.embedTimeout(), metrics);
    statuses = new Statuses(catalog, signal, search);
    searches =
        new Searches(collections::ready, statuses::await, embed::embed, urls, search, metrics);
    entries = new Entries(collections::ready, urls, reading);
    operations =
        new IndexOperations(
            catalog::find,
            rebuilds,
            this::ends,
            ready ->
                new LogComparison(
                        kafka,
                        index,
                        ready.collection(),
                        ready.build(),
                        () -> catalog.answering(ready.key()),
                        search.comparePatience())
                    .run(),
            reading);
  }

  /** The next offset of each partition of a collection's images; empty without the broker. */
  private Optional<Map<Integer, Long>> ends(Collection collection) {
    try {
      return Optional.of(admin.ends(Topics.images(collection.getId()), collection.getPartitions()));
    } catch (KafkaException e) {
      return Optional.empty();
    }
  }

  /** The catalogue follows the registry from now on. */
  private void follow(Map<String, Object> kafka) {
    Map<String, Object> ofRegistry = new HashMap<>(kafka);
    ofRegistry.put("client.id", "lookalike-query-registry");
    registry = new CollectionRegistry(ofRegistry, this::registryChanged);
    // The registry's thread may have been faster than the assignment.
    registryChanged();
  }

  private synchronized void registryChanged() {
    CollectionRegistry read = registry;
    if (read != null && read.caughtUp()) {
      catalog.follow(read.view());
    }
  }

  private Optional<String> registryProblem() {
    CollectionRegistry read = registry;
    return read == null ? Optional.empty() : read.problem();
  }

  @Produces
  @Singleton
  QueryMetrics metrics() {
    return metrics;
  }

  @Produces
  @Singleton
  BrokerWatch broker() {
    return broker;
  }

  @Produces
  @Singleton
  Catalog catalog() {
    return catalog;
  }

  @Produces
  @Singleton
  Searches searches() {
    return searches;
  }

  @Produces
  @Singleton
  Statuses statuses() {
    return statuses;
  }

  @Produces
  @Singleton
  Entries entries() {
    return entries;
  }

  @Produces
  @Singleton
  IndexOperations operations() {
    return operations;
  }

  @Produces
  @Singleton
  AdmissionPolicy admission(QuerySettings settings) {
    return RequestPolicy.of(settings.intake());
  }

  void start(@Observes StartupEvent event, Admission admission) {
    metrics.intake(admission::bytes);
  }

  void stop(@Observes ShutdownEvent event) {
    embed.close();
    CollectionRegistry read = registry;
    if (read != null) {
      read.close();
    }
    rebuilds.close();
    catalog.close();
    store.close();
    broker.close();
    admin.close();
  }
}
