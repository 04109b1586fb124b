package dev.lookalike.query;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Sources;
import dev.lookalike.log.Tokens;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.AttributeAnnotation;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.Rejected;
import dev.lookalike.proto.events.v1.Removed;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.ModelReference;
import dev.lookalike.proto.image.v1.OriginalImage;
import dev.lookalike.proto.image.v1.UploadToken;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/** Writes the log of one collection as ingest-service and embed-service do. */
final class LogFixture implements AutoCloseable {
  static final int PARTITIONS = 3;

  final String collection;
  final String build;
  final int dimension;
  private final KafkaProducer<byte[], byte[]> plain;
  private final KafkaProducer<byte[], byte[]> transactional;

  /** Makes the topics and announces collection and build. */
  LogFixture(String bootstrap, String collection, int dimension) {
    this.collection = collection;
    this.build = collection + "build";
    this.dimension = dimension;
    plain =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrap),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    transactional =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrap, "transactional.id", "tx-" + collection),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    Map<String, String> compact = Map.of("cleanup.policy", "compact");
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      if (!admin.listTopics().names().get().contains(Topics.COLLECTIONS)) {
        admin
            .createTopics(List.of(new NewTopic(Topics.COLLECTIONS, 1, (short) 1).configs(compact)))
            .all()
            .get();
      }
      admin
          .createTopics(
              List.of(
                  new NewTopic(Topics.images(collection), PARTITIONS, (short) 1).configs(compact),
                  new NewTopic(Topics.annotations(collection), PARTITIONS, (short) 1)
                      .configs(compact),
                  new NewTopic(Topics.embeddings(collection, build), PARTITIONS, (short) 1)
                      .configs(compact)))
          .all()
          .get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
    announce(
        collection,
        CollectionEvent.newBuilder()
            .setCollection(
                Collection.newBuilder()
                    .setId(collection)
                    .setName(name())
                    .setGeneration(1)
                    .setPartitions(PARTITIONS))
            .build());
    announce(
        collection + "/" + build,
        CollectionEvent.newBuilder()
            .setBuild(
                Build.newBuilder()
                    .setId(build)
                    .setCollectionId(collection)
                    .setGeneration(1)
                    .setModel(model())
                    .setState(BuildState.BUILD_STATE_LIVE))
            .build());
    plain.flush();
    transactional.initTransactions();
  }

  String name() {
    return "shop-" + collection;
  }

  ModelReference model() {
    return ModelReference.newBuilder().setId("tiny").setDimension(dimension).build();
  }

  void announce(String key, CollectionEvent event) {
    send(plain, new ProducerRecord<>(Topics.COLLECTIONS, key.getBytes(UTF_8), event.toByteArray()));
  }

  ImageVersion version(String id, long offset) {
    return ImageVersion.newBuilder()
        .setGeneration(1)
        .setPartition(Keys.partition(id, PARTITIONS))
        .setOffset(offset)
        .build();
  }

  String token(String id, long offset) {
    return Tokens.encode(
        UploadToken.newBuilder()
            .setCollectionId(collection)
            .setImageId(id)
            .setVersion(version(id, offset))
            .build());
  }

  void begin() {
    transactional.beginTransaction();
  }

  void commit() {
    transactional.commitTransaction();
  }

  void abort() {
    transactional.flush();
    transactional.abortTransaction();
  }

  void embedded(String id, long offset, Map<String, AttributeValue> attributes, float... vector) {
    Embedded.Builder embedded =
        Embedded.newBuilder()
            .putAllAttributes(attributes)
            .setModel(model())
            .setOriginal(OriginalImage.newBuilder().setSha256(ByteString.copyFromUtf8("sha-" + id)))
            .setDevice("cpu");
    for (float value : vector) {
      embedded.addEmbedding(value);
    }
    outcome(id, EmbeddingEvent.newBuilder().setEmbedded(embedded), offset);
  }

  void rejected(String id, long offset) {
    outcome(
        id,
        EmbeddingEvent.newBuilder()
            .setRejected(
                Rejected.newBuilder().setReason("CANONICAL_UNREADABLE").setDetail("Unreadable.")),
        offset);
  }

  void removed(String id, long offset) {
    outcome(id, EmbeddingEvent.newBuilder().setRemoved(Removed.getDefaultInstance()), offset);
  }

  private void outcome(String id, EmbeddingEvent.Builder event, long offset) {
    raw(id, event.setSource(version(id, offset)).build().toByteArray());
  }

  void raw(String id, byte @Nullable [] value) {
    send(transactional, outcomeRecord(id, value));
  }

  /** What a reader cannot parse, with the version that it is the outcome of in its header. */
  void garbled(String id, long offset) {
    ProducerRecord<byte[], byte[]> record = outcomeRecord(id, new byte[] {1, 2, 3});
    record.headers().add(Sources.HEADER, Sources.header(version(id, offset)));
    send(transactional, record);
  }

  private ProducerRecord<byte[], byte[]> outcomeRecord(String id, byte @Nullable [] value) {
    return new ProducerRecord<>(
        Topics.embeddings(collection, build),
        Keys.partition(id, PARTITIONS),
        Keys.image(id),
        value);
  }

  void annotate(String id, long offset, String name, Optional<AttributeValue> value) {
    AttributeAnnotation.Builder attribute = AttributeAnnotation.newBuilder().setName(name);
    value.ifPresent(attribute::setValue);
    Message event =
        AnnotationEvent.newBuilder()
            .setImageVersion(version(id, offset))
            .setAttribute(attribute)
            .build();
    send(
        plain,
        new ProducerRecord<>(
            Topics.annotations(collection),
            Keys.partition(id, PARTITIONS),
            Keys.attribute(id, name, version(id, offset)),
            event.toByteArray()));
  }

  void flush() {
    plain.flush();
  }

  private static void send(
      KafkaProducer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record) {
    var acknowledged = producer.send(record);
    if (acknowledged.isCancelled()) {
      throw new IllegalStateException("cancelled");
    }
  }

  @Override
  public void close() {
    plain.close();
    transactional.close();
  }
}
