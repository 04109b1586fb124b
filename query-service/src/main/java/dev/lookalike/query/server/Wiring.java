package dev.lookalike.query.server;

import dev.lookalike.edge.ServiceKey;
import dev.lookalike.edge.process.StartGuard;
import dev.lookalike.query.index.lucene.Simd;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.search.EmbedClient;
import dev.lookalike.query.search.Entries;
import dev.lookalike.query.search.Searches;
import dev.lookalike.query.search.Statuses;
import dev.lookalike.query.sink.Broker;
import dev.lookalike.query.sink.IndexSettings;
import dev.lookalike.query.sink.Indexes;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes the parts, starts them with the process and stops them in reverse. */
@Startup
@ApplicationScoped
public class Wiring {
  private final QueryMetrics metrics;
  private final Broker broker;
  private final Indexes indexes;
  private final EmbedClient embed;
  private final Entries entries;
  private final Statuses statuses;
  private final Searches searches;

  Wiring(QuerySettings settings, StartGuard guard, ServiceKey key, MeterRegistry registry) {
    guard.check();
    metrics = new QueryMetrics(registry);
    if (settings.index().type() == IndexSettings.Type.LUCENE) {
      metrics.simd(Simd.isUsed());
    }
    broker = new Broker(settings.kafka().forClient());
    indexes = new Indexes(settings.kafka().forClient(), settings.index(), metrics);
    embed =
        new EmbedClient(settings.embed().address(), key, settings.search().embedTimeout(), metrics);
    entries = new Entries(indexes, broker, settings.contentUrl().toString(), settings.search());
    statuses = new Statuses(indexes, settings.search());
    searches = new Searches(indexes, embed, entries, statuses, settings.search(), metrics);
  }

  @Produces
  @Singleton
  QueryMetrics metrics() {
    return metrics;
  }

  @Produces
  @Singleton
  Broker broker() {
    return broker;
  }

  @Produces
  @Singleton
  Indexes indexes() {
    return indexes;
  }

  @Produces
  @Singleton
  Entries entries() {
    return entries;
  }

  @Produces
  @Singleton
  Statuses statuses() {
    return statuses;
  }

  @Produces
  @Singleton
  Searches searches() {
    return searches;
  }

  void stop(@Observes ShutdownEvent event) {
    embed.close();
    indexes.close();
    broker.close();
  }
}
