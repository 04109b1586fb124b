package dev.lookalike.ingest;

import dev.lookalike.ingest.blobs.BlobSettings;
import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.ingest.blobs.Blobs;
import dev.lookalike.ingest.blobs.OrphanSweep;
import dev.lookalike.ingest.blobs.S3Settings;
import dev.lookalike.ingest.classifiers.ClassifierSettings;
import dev.lookalike.ingest.classifiers.Classifiers;
import dev.lookalike.ingest.client.EmbedClient;
import dev.lookalike.ingest.client.EmbedSettings;
import dev.lookalike.ingest.client.QueryClient;
import dev.lookalike.ingest.client.QuerySettings;
import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.collections.CollectionCommands;
import dev.lookalike.ingest.collections.CollectionSettings;
import dev.lookalike.ingest.collections.Descriptions;
import dev.lookalike.ingest.collections.Leftovers;
import dev.lookalike.ingest.collections.Upkeep;
import dev.lookalike.ingest.content.Contents;
import dev.lookalike.ingest.images.Decoders;
import dev.lookalike.ingest.images.ImageLog;
import dev.lookalike.ingest.images.Images;
import dev.lookalike.ingest.images.Patches;
import dev.lookalike.ingest.log.FollowedRegistry;
import dev.lookalike.ingest.log.KafkaSettings;
import dev.lookalike.ingest.log.LogReader;
import dev.lookalike.ingest.log.LogWriter;
import dev.lookalike.ingest.log.OwnTopics;
import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.ingest.metrics.Operations;
import dev.lookalike.ingest.uploads.UploadPolicy;
import dev.lookalike.ingest.uploads.UploadReader;
import dev.lookalike.ingest.uploads.UploadSettings;
import dev.lookalike.service.access.AccessSettings;
import dev.lookalike.service.access.AccessTable;
import dev.lookalike.service.access.CollectionNames;
import dev.lookalike.service.access.ServiceKey;
import dev.lookalike.service.admission.Admission;
import dev.lookalike.service.kafka.BrokerWatch;
import dev.lookalike.service.kafka.KafkaAdmin;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Clock;
import java.time.InstantSource;
import org.jboss.logging.Logger;

/** What is made of what, and in which order it starts and stops. Nothing is open before start. */
@Singleton
public class Wiring {
  private static final Logger LOG = Logger.getLogger(Wiring.class);

  private final AccessSettings access;
  private final IngestMetrics metrics;
  private final Operations operations;
  private final UploadPolicy uploadPolicy;
  private final UploadReader uploadReader;
  private final BlobStore blobs;
  private final OrphanSweep sweep;
  private final EmbedClient embed;
  private final QueryClient query;
  private final KafkaAdmin admin;
  private final BrokerWatch broker;
  private final LogWriter writer;
  private final LogReader reader;
  private final FollowedRegistry registry;
  private final Catalogue catalogue;
  private final Descriptions descriptions;
  private final CollectionCommands commands;
  private final Upkeep upkeep;
  private final Decoders decoders;
  private final Images images;
  private final Patches patches;
  private final Contents contents;
  private final Classifiers classifiers;

  Wiring(
      AccessSettings access,
      KafkaSettings kafka,
      UploadSettings uploads,
      BlobSettings blobSettings,
      S3Settings s3,
      CollectionSettings collectionSettings,
      ClassifierSettings classifierSettings,
      EmbedSettings embedSettings,
      QuerySettings querySettings,
      ServiceKey key,
      MeterRegistry meters) {
    InstantSource clock = Clock.systemUTC();
    this.access = access;
    metrics = new IngestMetrics(meters);
    operations = new Operations(metrics);
    uploadPolicy = new UploadPolicy(uploads, metrics);
    uploadReader = new UploadReader(uploads);

    embed = new EmbedClient(embedSettings, key);
    query = new QueryClient(querySettings, key);
    blobs = Blobs.store(blobSettings, s3);
    sweep = new OrphanSweep(blobs, query::index, query::image, blobSettings, metrics, clock);

    admin = new KafkaAdmin(kafka, "lookalike-ingest-admin");
    broker = new BrokerWatch(admin, kafka, kafka.probeEvery());
    writer = new LogWriter(kafka, metrics);
    reader = new LogReader(kafka);
    registry = new FollowedRegistry(kafka);
    OwnTopics topics = new OwnTopics(admin, kafka);

    catalogue = new Catalogue(registry);
    descriptions =
        new Descriptions(
            registry, embed::ask, query::indexIfItAnswers, collectionSettings.bindWait());
    Leftovers leftovers = new Leftovers(topics, blobs, System::nanoTime);
    commands =
        new CollectionCommands(
            registry,
            writer::appendAll,
            topics,
            collectionSettings,
            embed::ask,
            descriptions,
            leftovers,
            clock);
    upkeep = new Upkeep(registry, commands, topics, leftovers);

    decoders = new Decoders(uploads, metrics);
    ImageLog log = new ImageLog(catalogue, writer::appendAll, reader);
    images = new Images(catalogue, decoders::canonicalize, blobs, log, query, metrics, clock);
    patches = new Patches(catalogue, log, query, clock);
    contents = new Contents(catalogue, log, query, decoders::thumbnail, blobs);
    classifiers =
        new Classifiers(catalogue, topics, writer::appendLarge, classifierSettings, clock);
  }

  void start(@Observes StartupEvent event, Admission admission) {
    metrics.inFlight(admission::requests, admission::bytes);
    registry.start();
    broker.start(upkeep::run);
    sweep.start();
  }

  /** What uses another stops before it. */
  @PreDestroy
  void stop() {
    sweep.close();
    broker.close();
    registry.close();
    decoders.close();
    writer.close();
    reader.close();
    admin.close();
    query.close();
    embed.close();
    try {
      blobs.close();
    } catch (IOException e) {
      LOG.warnf("the store of originals does not close: %s", e);
    }
  }

  @Produces
  @Singleton
  AccessTable accessTable() {
    return Endpoints.table(access.openMetrics());
  }

  @Produces
  @Singleton
  CollectionNames collectionNames() {
    return catalogue::nameOf;
  }

  @Produces
  @Singleton
  Operations operations() {
    return operations;
  }

  @Produces
  @Singleton
  UploadPolicy uploadPolicy() {
    return uploadPolicy;
  }

  @Produces
  @Singleton
  UploadReader uploadReader() {
    return uploadReader;
  }

  @Produces
  @Singleton
  BlobStore blobs() {
    return blobs;
  }

  @Produces
  @Singleton
  BrokerWatch broker() {
    return broker;
  }

  @Produces
  @Singleton
  Catalogue catalogue() {
    return catalogue;
  }

  @Produces
  @Singleton
  Descriptions descriptions() {
    return descriptions;
  }

  @Produces
  @Singleton
  CollectionCommands collectionCommands() {
    return commands;
  }

  @Produces
  @Singleton
  Upkeep upkeep() {
    return upkeep;
  }

  @Produces
  @Singleton
  Images images() {
    return images;
  }

  @Produces
  @Singleton
  Patches patches() {
    return patches;
  }

  @Produces
  @Singleton
  Contents contents() {
    return contents;
  }

  @Produces
  @Singleton
  Classifiers classifiers() {
    return classifiers;
  }
}
