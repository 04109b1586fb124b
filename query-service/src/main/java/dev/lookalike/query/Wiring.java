package dev.lookalike.query;

import dev.lookalike.query.index.lucene.Simd;
import dev.lookalike.query.log.Indexes;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.search.EmbedClient;
import dev.lookalike.query.search.Entries;
import dev.lookalike.query.search.Searches;
import dev.lookalike.query.search.Statuses;
import dev.lookalike.query.store.IndexSettings;
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
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Makes the parts, starts them with the process and stops them in reverse. */
@Startup
@ApplicationScoped
public class Wiring {
  private static final Duration PROBE_EVERY = Duration.ofSeconds(1);

  private final QueryMetrics metrics;
  private final KafkaAdmin admin;
  private final BrokerWatch broker;
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
    admin = new KafkaAdmin(settings.kafka(), "lookalike-query-watch");
    broker = new BrokerWatch(admin, settings.kafka(), PROBE_EVERY);
    broker.start(() -> {});
    indexes = new Indexes(settings.kafka().forClient(), settings.index(), metrics);
    embed =
        new EmbedClient(settings.embed().address(), key, settings.search().embedTimeout(), metrics);
    entries = new Entries(indexes, this::ends, settings.contentUrl().toString(), settings.search());
    statuses = new Statuses(indexes, settings.search());
    searches = new Searches(indexes, embed, entries, statuses, settings.search(), metrics);
  }

  private Optional<Map<Integer, Long>> ends(String topic, int partitions) {
    try {
      return Optional.of(admin.ends(topic, partitions));
    } catch (KafkaException e) {
      return Optional.empty();
    }
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

  @Produces
  @Singleton
  AdmissionPolicy admission(
      QuerySettings settings,
      @ConfigProperty(name = "quarkus.http.limits.max-body-size") MemorySize body,
      @ConfigProperty(name = "quarkus.grpc.server.max-inbound-message-size") int message) {
    return RequestPolicy.of(settings.intake(), body.asLongValue(), message);
  }

  void start(@Observes StartupEvent event, Admission admission) {
    metrics.intake(admission::bytes);
  }

  void stop(@Observes ShutdownEvent event) {
    embed.close();
    indexes.close();
    broker.close();
    admin.close();
  }
}
