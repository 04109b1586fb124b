package dev.lookalike.embed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import dev.lookalike.broker.BrokerProcess;
import dev.lookalike.embed.model.runtime.TestModels;
import dev.lookalike.log.AnnotationKey;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.ClassifierGate;
import dev.lookalike.proto.events.v1.ClassifierRemoved;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionDeleted;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.proto.image.v1.ModelReference;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged service against a real broker. */
class StreamIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PARTITIONS = 2;

  @TempDir static Path directory;

  private static BrokerProcess broker;
  private static Admin admin;
  private static KafkaProducer<byte[], byte[]> producer;

  @BeforeAll
  static void start() throws Exception {
    broker = BrokerProcess.startOnFreePorts(directory.resolve("broker"));
    Properties config = new Properties();
    config.put("bootstrap.servers", broker.bootstrapServers());
    config.put("acks", "all");
    admin = Admin.create(config);
    producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    admin
        .createTopics(
            List.of(
                new NewTopic(Topics.COLLECTIONS, Optional.of(1), Optional.empty())
                    .configs(Map.of("cleanup.policy", "compact"))))
        .all()
        .get();
  }

  @AfterAll
  static void stop() {
    producer.close();
    admin.close();
    broker.close();
  }

  private static void create(String id, String name, String model) throws Exception {
    create(id, name, model, 512, false);
  }

  private static void create(
      String id, String name, String model, int shortSide, boolean acceptSmallerImages)
      throws Exception {
    admin
        .createTopics(
            List.of(
                new NewTopic(Topics.images(id), Optional.of(PARTITIONS), Optional.empty())
                    .configs(Map.of("max.message.bytes", "2097152"))))
        .all()
        .get();
    write(
        id,
        CollectionEvent.newBuilder()
            .setCollection(
                Collection.newBuilder()
                    .setId(id)
                    .setName(name)
                    .setGeneration(1)
                    .setPartitions(PARTITIONS)
                    .setModel(model)
                    .setAcceptSmallerImages(acceptSmallerImages)
                    .setBounds(
                        CanonicalBounds.newBuilder()
                            .setShortSide(shortSide)
                            .setLongSide(4096)
                            .setJpegQuality(90)
                            .setMaxBytes(1 << 20)))
            .build());
  }

  private static void write(String key, CollectionEvent event) throws Exception {
    producer
        .send(new ProducerRecord<>(Topics.COLLECTIONS, key.getBytes(UTF_8), event.toByteArray()))
        .get();
  }

  /** Returns the version, as the source of an outcome. */
  private static String put(String collection, String image, byte[] value) throws Exception {
    RecordMetadata written =
        producer
            .send(
                new ProducerRecord<>(
                    Topics.images(collection),
                    Keys.partition(image, PARTITIONS),
                    Keys.image(image),
                    value))
            .get(10, TimeUnit.SECONDS);
    return written.partition() + "." + written.offset();
  }

  /** Every outcome that readers of committed records see, by source. */
  private static Map<String, List<EmbeddingEvent>> outcomes(String collection) throws Exception {
    Map<String, List<EmbeddingEvent>> outcomes = new HashMap<>();
    List<String> topics =
        admin.listTopics().names().get().stream()
            .filter(name -> name.startsWith("lookalike.embeddings." + collection + "."))
            .toList();
    if (topics.isEmpty()) {
      return outcomes;
    }
    Map<String, Object> config =
        Map.of("bootstrap.servers", broker.bootstrapServers(), "isolation.level", "read_committed");
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (int i = 0; i < PARTITIONS; i++) {
        partitions.add(new TopicPartition(topics.getFirst(), i));
      }
      reader.assign(partitions);
      reader.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
      while (partitions.stream()
          .anyMatch(each -> reader.position(each) < ends.getOrDefault(each, 0L))) {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(Duration.ofMillis(200))) {
          EmbeddingEvent event = EmbeddingEvent.parseFrom(record.value());
          assertThat(event.getSource().getPartition()).isEqualTo(record.partition());
          outcomes
              .computeIfAbsent(
                  event.getSource().getPartition() + "." + event.getSource().getOffset(),
                  key -> new ArrayList<>())
              .add(event);
        }
      }
    }
    return outcomes;
  }

  private ServiceProcess service(String name, String... settings) throws Exception {
    return ServiceProcess.start(
        broker.bootstrapServers(), Path.of("target", "service-" + name + ".log"), settings);
  }

  private static void awaitReady(ServiceProcess service) {
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(200))
        .until(service::isReady);
  }

  @Test
  void everyRecordHasOneOutcomeThoughTheServiceIsKilledAgainAndAgain() throws Exception {
    create("killedcollection", "killed", "");
    int images = 1200;
    for (int i = 0; i < images; i++) {
      byte[] value =
          i % 50 == 7
              ? Images.stored("no picture".getBytes(UTF_8))
              : i % 50 == 9 ? Images.deleted() : Images.stored(Images.jpeg(i));
      String image = "image-" + (i % 50 == 9 ? i - 1 : i);
      var unused =
          producer.send(
              new ProducerRecord<>(
                  Topics.images("killedcollection"),
                  Keys.partition(image, PARTITIONS),
                  Keys.image(image),
                  value));
    }
    producer.flush();
    ServiceProcess service = service("killed");
    try {
      awaitReady(service);
      for (int kills = 0; kills < 2; kills++) {
        int before = outcomes("killedcollection").size();
        // Also what follows a kill: it streams again within 10 s of being up.
        await()
            .atMost(Duration.ofSeconds(10))
            .pollInterval(Duration.ofMillis(20))
            .until(() -> outcomes("killedcollection").size() > before);
        service.kill();
        assertThat(outcomes("killedcollection").size())
            .as("killed in the middle")
            .isLessThan(images);
        service = service("killed");
        awaitReady(service);
      }
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> outcomes("killedcollection").size() >= images);
      Map<String, List<EmbeddingEvent>> outcomes = outcomes("killedcollection");
      assertThat(outcomes).hasSize(images);
      assertThat(outcomes.values()).allSatisfy(each -> assertThat(each).hasSize(1));
      assertThat(outcomes.values().stream().filter(each -> each.getFirst().hasRejected()))
          .hasSize(images / 50)
          .allSatisfy(
              each ->
                  assertThat(each.getFirst().getRejected().getReason())
                      .isEqualTo("CANONICAL_UNREADABLE"));
    } finally {
      service.close();
    }
  }

  /** Any suffix of the images, read once more: what each image came to stays the last word. */
  @Test
  void imagesReadAgainComeToTheSame() throws Exception {
    create("againcollection", "again", "");
    int images = 40;
    Map<String, String> newest = new HashMap<>();
    for (int i = 0; i < images; i++) {
      String image = "image-" + i;
      newest.put(image, put("againcollection", image, Images.stored(Images.jpeg(i))));
    }
    for (int i = 0; i < images; i += 4) {
      String image = "image-" + i;
      byte[] next = i % 8 == 0 ? Images.deleted() : Images.stored(Images.jpeg(100 + i));
      newest.put(image, put("againcollection", image, next));
    }
    int records = images + images / 4;
    try (ServiceProcess service = service("again")) {
      awaitReady(service);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> outcomes("againcollection").size() == records);
    }
    Map<String, EmbeddingEvent> before = lastWords("againcollection", newest.values());

    String group =
        admin.listGroups(ListGroupsOptions.forConsumerGroups()).all().get().stream()
            .map(GroupListing::groupId)
            .filter(id -> id.contains("againcollection"))
            .findFirst()
            .orElseThrow();
    Map<TopicPartition, OffsetAndMetadata> rewound = new HashMap<>();
    Random random = new Random(3);
    for (TopicPartition partition :
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().keySet()) {
      rewound.put(partition, new OffsetAndMetadata(random.nextInt(10)));
    }
    assertThat(rewound).hasSize(PARTITIONS);
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(() -> admin.alterConsumerGroupOffsets(group, rewound).all().get() == null);

    try (ServiceProcess service = service("again")) {
      awaitReady(service);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  outcomes("againcollection").values().stream().mapToInt(List::size).sum()
                      >= records + records / 2);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  admin
                          .listConsumerGroupOffsets(group)
                          .partitionsToOffsetAndMetadata()
                          .get()
                          .values()
                          .stream()
                          .mapToLong(OffsetAndMetadata::offset)
                          .sum()
                      == records);
    }
    assertThat(lastWords("againcollection", newest.values())).isEqualTo(before);
  }

  /** What was last said of each of these versions, without the time when. */
  private static Map<String, EmbeddingEvent> lastWords(
      String collection, java.util.Collection<String> versions) throws Exception {
    Map<String, EmbeddingEvent> last = new HashMap<>();
    outcomes(collection)
        .forEach(
            (version, each) ->
                last.put(version, each.getLast().toBuilder().clearProducedAt().build()));
    last.keySet().retainAll(versions);
    assertThat(last).hasSameSizeAs(versions);
    return last;
  }

  /** The JVM must not shut down while runs go on: ONNX Runtime's shutdown hook ends beside them. */
  @Test
  void aServiceThatIsToldToStopInTheMiddleOfItsWorkDrainsAndEndsInOrder() throws Exception {
    create("stoppedcollection", "stopped", "");
    byte[] value = Images.stored(Images.jpeg(1));
    for (int i = 0; i < 3_000; i++) {
      var unused =
          producer.send(
              new ProducerRecord<>(
                  Topics.images("stoppedcollection"),
                  i % PARTITIONS,
                  Keys.image("image-" + i),
                  value));
    }
    producer.flush();
    try (ServiceProcess service = service("stopped")) {
      awaitReady(service);
      await()
          .atMost(Duration.ofSeconds(20))
          .pollInterval(Duration.ofMillis(20))
          .until(() -> !outcomes("stoppedcollection").isEmpty());
      service.terminate();
      assertThat(service.exit(Duration.ofSeconds(15))).hasValue(128 + 15);
    }
    assertThat(outcomes("stoppedcollection").values())
        .hasSizeLessThan(3_000)
        .allSatisfy(each -> assertThat(each).hasSize(1));
  }

  @Test
  void aStoredImageAndAQueryWithItHaveTheSameVectorAndAnUnservedCollectionHarmsNobody()
      throws Exception {
    create("servedcollection", "served", "clip");
    create("foreigncollection", "foreign", "elsewhere");
    create("pinnedcollection", "pinned", "");
    write(
        "pinnedcollection/0123456789abcdef",
        CollectionEvent.newBuilder()
            .setBuild(
                Build.newBuilder()
                    .setId("0123456789abcdef")
                    .setCollectionId("pinnedcollection")
                    .setGeneration(1)
                    .setModel(ModelReference.newBuilder().setId("gone").setDigest("abc"))
                    .setState(BuildState.BUILD_STATE_LIVE))
            .build());
    String folders =
        Path.of("src/test/resources/goldens/vit").toAbsolutePath()
            + ","
            + Path.of("src/test/resources/goldens/clip").toAbsolutePath()
            + ","
            + directory.resolve("absent");
    try (ServiceProcess service = service("served", "lookalike.models=" + folders)) {
      awaitReady(service);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  service
                          .post("/v1/collections/served/embed", Images.jpeg(1), "image/jpeg")
                          .statusCode()
                      == 200);
      JsonNode models = JSON.readTree(service.get("/v1/models").body());
      assertThat(models.path("models").findValuesAsText("id"))
          .containsExactly("vit", "clip", "lookalike-256");
      assertThat(models.path("refused").toString()).contains("absent");
      assertThat(models.path("unserved").findValuesAsText("collection"))
          .contains("foreign", "pinned")
          .doesNotContain("served");
      assertThat(service.get("/q/health/ready").body()).contains("elsewhere", "gone", "absent");

      assertThat(service.post("/v1/collections/pinned/embed", Images.jpeg(1), "image/jpeg").body())
          .contains("\"code\":\"NOT_BOUND\"");
      assertThat(service.post("/v1/collections/none/embed", Images.jpeg(1), "image/jpeg").body())
          .contains("\"code\":\"COLLECTION_NOT_FOUND\"");
      var refused =
          service.post("/v1/collections/served/embed", "text".getBytes(UTF_8), "image/jpeg");
      assertThat(refused.statusCode()).isEqualTo(415);
      assertThat(refused.body()).contains("\"code\":\"UNKNOWN_FORMAT\"").doesNotContain("dev.look");

      JsonNode answer =
          JSON.readTree(
              service.post("/v1/collections/served/embed", Images.jpeg(3), "image/jpeg").body());
      assertThat(answer.path("model").path("id").asText()).isEqualTo("clip");
      put("servedcollection", "three", Images.stored(canonical(Images.jpeg(3))));
      await().atMost(Duration.ofSeconds(20)).until(() -> outcomes("servedcollection").size() == 1);
      List<Float> stored =
          outcomes("servedcollection")
              .values()
              .iterator()
              .next()
              .getFirst()
              .getEmbedded()
              .getEmbeddingList();
      JsonNode query = answer.path("results").get(0).path("embedding").path("values");
      double similarity = 0;
      for (int i = 0; i < stored.size(); i++) {
        similarity += stored.get(i) * query.get(i).asDouble();
      }
      assertThat(similarity).isGreaterThan(0.999999);
    }
  }

  @Test
  void aModelThatWantsMorePixelsIsBoundOnlyWhereThatIsAccepted() throws Exception {
    create("narrowcollection", "narrow", "", 64, false);
    create("acceptcollection", "accepting", "", 64, true);
    try (ServiceProcess service = service("pixels")) {
      awaitReady(service);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  service
                          .post("/v1/collections/accepting/embed", Images.jpeg(1), "image/jpeg")
                          .statusCode()
                      == 200);
      JsonNode models = JSON.readTree(service.get("/v1/models").body());
      assertThat(models.path("unserved").toString())
          .contains("narrow", "112 x 112", "64", "accept_smaller_images")
          .doesNotContain("accepting");
      assertThat(service.post("/v1/collections/narrow/embed", Images.jpeg(1), "image/jpeg").body())
          .contains("\"code\":\"NOT_BOUND\"");
    }
  }

  private static byte[] plain(Color colour) throws IOException {
    BufferedImage image = new BufferedImage(160, 120, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    g.setColor(colour);
    g.fillRect(0, 0, 160, 120);
    g.dispose();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "jpg", out);
    return out.toByteArray();
  }

  private static Path copy(String golden, Path folder) throws IOException {
    Files.createDirectories(folder);
    Path source = Path.of("src/test/resources/goldens").resolve(golden);
    for (String file : List.of("model.onnx", "preprocessor_config.json")) {
      Files.copy(source.resolve(file), folder.resolve(file));
    }
    return folder;
  }

  /**
   * Absent, truncated, wrong-shaped and NaN-giving models are refused, NaN that comes later rejects
   * its image, a swapped one is told and then not served for what it is not: the others go on.
   */
  @Test
  void brokenModelsAreRefusedOrRejectAndTheOthersGoOn() throws Exception {
    Path models = Files.createDirectory(directory.resolve("broken"));
    Path sound = copy("clip", models.resolve("sound"));
    Path swapped = copy("vit", models.resolve("swapped"));
    Path truncated = copy("clip", models.resolve("truncated"));
    try (FileChannel graph =
        FileChannel.open(truncated.resolve("model.onnx"), StandardOpenOption.WRITE)) {
      graph.truncate(graph.size() / 2);
    }
    Path shaped = copy("clip", models.resolve("shaped"));
    Files.writeString(
        shaped.resolve("preprocessor_config.json"),
        "{\"image_processor_type\": \"ViTImageProcessor\"}");
    String folders =
        Stream.of(
                sound,
                swapped,
                models.resolve("absent"),
                truncated,
                shaped,
                TestModels.notFinite(models.resolve("never")),
                TestModels.notFiniteOnBright(models.resolve("sometimes")))
            .map(Path::toString)
            .collect(Collectors.joining(","));
    create("soundcollection", "sound", "sound");
    create("sometimescollection", "sometimes", "sometimes");
    create("swappedcollection", "swapped", "swapped");
    byte[] black = Images.stored(canonical(plain(Color.BLACK)));
    try (ServiceProcess service = service("broken", "lookalike.models=" + folders)) {
      awaitReady(service);
      put("sometimescollection", "black", black);
      put("sometimescollection", "white", Images.stored(canonical(plain(Color.WHITE))));
      put("soundcollection", "one", Images.stored(canonical(Images.jpeg(1))));
      put("swappedcollection", "one", Images.stored(canonical(Images.jpeg(1))));
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  outcomes("sometimescollection").size() == 2
                      && outcomes("soundcollection").size() == 1
                      && outcomes("swappedcollection").size() == 1);
      List<EmbeddingEvent> sometimes =
          outcomes("sometimescollection").values().stream().flatMap(List::stream).toList();
      assertThat(sometimes).filteredOn(EmbeddingEvent::hasEmbedded).hasSize(1);
      assertThat(sometimes)
          .filteredOn(EmbeddingEvent::hasRejected)
          .singleElement()
          .satisfies(
              event ->
                  assertThat(event.getRejected().getReason()).isEqualTo("EMBEDDING_NOT_FINITE"));

      JsonNode told = JSON.readTree(service.get("/v1/models").body());
      assertThat(told.path("models").findValuesAsText("id"))
          .containsExactly("sound", "swapped", "sometimes", "lookalike-256");
      Map<String, String> reasons = new HashMap<>();
      told.path("refused")
          .forEach(
              each ->
                  reasons.put(
                      Path.of(each.path("folder").asText()).getFileName().toString(),
                      each.path("reason").asText()));
      assertThat(reasons).containsOnlyKeys("absent", "truncated", "shaped", "never");
      assertThat(reasons.get("truncated")).contains("model.onnx", "an ONNX graph");
      assertThat(reasons.get("shaped")).contains("shape", "[N, 3, 224, 224]", "[-1, 3, 32, 32]");
      assertThat(reasons.get("never")).contains("finite numbers", "NaN");

      // A comment, in protobuf: doc_string = "x". Another file, whatever it computes.
      Files.write(
          swapped.resolve("model.onnx"), new byte[] {0x32, 1, 'x'}, StandardOpenOption.APPEND);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> service.get("/v1/models").body().contains("other weights"));
      assertThat(
              service
                  .post("/v1/collections/swapped/embed", Images.jpeg(1), "image/jpeg")
                  .statusCode())
          .as("what was loaded goes on")
          .isEqualTo(200);
    }
    try (ServiceProcess service = service("swapped", "lookalike.models=" + folders)) {
      awaitReady(service);
      put("soundcollection", "two", Images.stored(canonical(Images.jpeg(2))));
      await().atMost(Duration.ofSeconds(20)).until(() -> outcomes("soundcollection").size() == 2);
      assertThat(JSON.readTree(service.get("/v1/models").body()).path("unserved").toString())
          .contains("swapped", "it is bound to model swapped (digest ");
      assertThat(service.post("/v1/collections/swapped/embed", Images.jpeg(1), "image/jpeg").body())
          .contains("\"code\":\"NOT_BOUND\"");
    }
  }

  @Test
  void nothingIsLeftOfADeletedCollectionThoughTheServiceWasKilled() throws Exception {
    create("leavecollection", "leaving", "");
    create("deadcollection1", "dead", "");
    ServiceProcess service = service("leaving");
    try {
      awaitReady(service);
      for (String id : List.of("leavecollection", "deadcollection1")) {
        put(id, "one", Images.stored(Images.jpeg(1)));
        await().atMost(Duration.ofSeconds(30)).until(() -> outcomes(id).size() == 1);
        assertThat(traces(id)).hasSize(2);
      }
      delete("leavecollection");
      await()
          .atMost(Duration.ofSeconds(20))
          .untilAsserted(() -> assertThat(traces("leavecollection")).isEmpty());
      assertThat(service.post("/v1/collections/leaving/embed", Images.jpeg(1), "image/jpeg").body())
          .contains("\"code\":\"COLLECTION_NOT_FOUND\"");
      service.kill();
      delete("deadcollection1");
      assertThat(traces("deadcollection1")).hasSize(2);
      service = service("leaving");
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(traces("deadcollection1")).isEmpty());
    } finally {
      service.close();
    }
  }

  /** Deletes as ingest-service does. */
  private static void delete(String id) throws Exception {
    write(
        id,
        CollectionEvent.newBuilder().setDeleted(CollectionDeleted.getDefaultInstance()).build());
    admin.deleteTopics(List.of(Topics.images(id))).all().get();
  }

  /** Topics and groups that this service made for a collection. */
  private static List<String> traces(String id) throws Exception {
    List<String> traces = new ArrayList<>();
    admin.listTopics().names().get().stream()
        .filter(topic -> topic.startsWith("lookalike.embeddings." + id))
        .forEach(traces::add);
    admin.listGroups().all().get().stream()
        .map(group -> group.groupId())
        .filter(group -> group.contains(id))
        .forEach(traces::add);
    return traces;
  }

  private static byte[] canonical(byte[] untrusted) {
    return ((dev.lookalike.imaging.CanonicalResult.Canonical)
            dev.lookalike.imaging.Canonicalizer.canonicalize(
                untrusted,
                dev.lookalike.imaging.ImageLimits.DEFAULT,
                dev.lookalike.imaging.Bounds.DEFAULT))
        .image()
        .jpeg();
  }

  @Test
  void waitsForABrokerThatIsAwayAndGoesOn() throws Exception {
    create("patientcollection", "patient", "");
    try (ServiceProcess service = service("patient")) {
      awaitReady(service);
      put("patientcollection", "one", Images.stored(Images.jpeg(1)));
      broker.kill();
      await().atMost(Duration.ofSeconds(20)).until(() -> !service.isReady());
      assertThat(service.get("/q/health/ready").body()).contains("reason");
      assertThat(service.get("/q/health/live").statusCode()).isEqualTo(200);
      broker.restart();
      awaitReady(service);
      put("patientcollection", "two", Images.stored(Images.jpeg(2)));
      await().atMost(Duration.ofSeconds(30)).until(() -> outcomes("patientcollection").size() == 2);
      assertThat(outcomes("patientcollection").values())
          .allSatisfy(each -> assertThat(each).hasSize(1));
    }
  }

  private static final String TAUGHT = "taughtcollection";

  private static Classifier.Builder classifier(EmbeddingEvent like, float minSimilarity) {
    int dimension = like.getEmbedded().getEmbeddingCount();
    byte[] reference = new byte[dimension];
    float largest = 0;
    for (float value : like.getEmbedded().getEmbeddingList()) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < dimension; i++) {
      reference[i] = (byte) Math.round(127 * like.getEmbedded().getEmbedding(i) / largest);
    }
    // Without weights the biases decide: always "dress", with a probability of .88.
    return Classifier.newBuilder()
        .setModel(like.getEmbedded().getModel())
        .addClasses("dress")
        .addClasses("hat")
        .setWeights(ByteString.copyFrom(new byte[2 * dimension * Float.BYTES]))
        .setBiases(
            ByteString.copyFrom(
                ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(2)
                    .putFloat(0)
                    .flip()))
        .setThreshold(0.8f)
        .setGate(
            ClassifierGate.newBuilder()
                .setReferences(ByteString.copyFrom(reference))
                .setMinSimilarity(minSimilarity));
  }

  private static void teach(ClassifierEvent event) throws Exception {
    producer
        .send(
            new ProducerRecord<>(
                Topics.classifiers(TAUGHT), 0, Keys.classifier(), event.toByteArray()))
        .get(10, TimeUnit.SECONDS);
  }

  /** What classifiers have said, the last word on each image; "" for nothing any more. */
  private static Map<String, String> taughtLabels() throws Exception {
    Map<String, String> said = new HashMap<>();
    Map<String, Object> config =
        Map.of("bootstrap.servers", broker.bootstrapServers(), "isolation.level", "read_committed");
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions = new ArrayList<>();
      for (int i = 0; i < PARTITIONS; i++) {
        partitions.add(new TopicPartition(Topics.annotations(TAUGHT), i));
      }
      reader.assign(partitions);
      reader.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
      while (partitions.stream()
          .anyMatch(each -> reader.position(each) < ends.getOrDefault(each, 0L))) {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(Duration.ofMillis(200))) {
          AnnotationEvent event = AnnotationEvent.parseFrom(record.value());
          AnnotationKey key = Keys.annotation(record.key()).orElseThrow();
          assertThat(key.subject()).isEqualTo("labels/taught");
          assertThat(key.version()).contains(event.getImageVersion());
          assertThat(record.partition()).isEqualTo(Keys.partition(key.imageId(), PARTITIONS));
          said.put(
              key.imageId(),
              event.getLabels().getLabelsList().stream()
                  .map(each -> each.getName() + " by " + each.getSourceVersion())
                  .collect(Collectors.joining()));
        }
      }
    }
    return said;
  }

  private static void awaitTaught(Map<String, String> labels) {
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(() -> assertThat(taughtLabels()).isEqualTo(labels));
  }

  @Test
  void whatACollectionIsTaughtLabelsNewImagesAndOnRequestThoseBefore() throws Exception {
    create(TAUGHT, "taught", "");
    admin
        .createTopics(
            List.of(
                new NewTopic(Topics.annotations(TAUGHT), Optional.of(PARTITIONS), Optional.empty()),
                new NewTopic(Topics.classifiers(TAUGHT), Optional.of(1), Optional.empty())))
        .all()
        .get();
    put(TAUGHT, "old", Images.stored(Images.jpeg(1)));
    put(TAUGHT, "labelled", Images.storedWithLabel(Images.jpeg(1), "gown"));
    try (ServiceProcess service = service("taught")) {
      awaitReady(service);
      await().atMost(Duration.ofSeconds(30)).until(() -> outcomes(TAUGHT).size() == 2);
      EmbeddingEvent like = outcomes(TAUGHT).values().iterator().next().getFirst();
      String build =
          admin.listTopics().names().get().stream()
              .filter(name -> name.startsWith("lookalike.embeddings." + TAUGHT))
              .findFirst()
              .orElseThrow()
              .substring(Topics.embeddings(TAUGHT, "").length());
      Classifier first = classifier(like, 0.999f).setBuildId(build).setVersion("v1").build();
      assertThat(service.get("/v1/collections/taught/classifier").statusCode()).isEqualTo(404);

      teach(ClassifierEvent.newBuilder().setClassifier(first).build());
      awaitClassifier(service, "v1", "applied");
      put(TAUGHT, "copy", Images.stored(Images.jpeg(1)));
      put(TAUGHT, "copy-of-user", Images.storedWithLabel(Images.jpeg(1), "gown"));
      put(TAUGHT, "stranger", Images.stored(Images.jpeg(60)));
      await().atMost(Duration.ofSeconds(30)).until(() -> outcomes(TAUGHT).size() == 5);
      awaitTaught(Map.of("copy", "dress by v1"));

      teach(
          ClassifierEvent.newBuilder()
              .setClassifier(first.toBuilder().setVersion("v2").setAnnotateExisting(true))
              .build());
      awaitTaught(Map.of("old", "dress by v2", "copy", "dress by v2", "stranger", ""));

      teach(
          ClassifierEvent.newBuilder()
              .setClassifier(
                  first.toBuilder()
                      .setVersion("v3")
                      .setBuildId("0123456789abcdef")
                      .setAnnotateExisting(true))
              .build());
      assertThat(awaitClassifier(service, "v3", "not_applied")).contains("0123456789abcdef");

      teach(
          ClassifierEvent.newBuilder().setRemoved(ClassifierRemoved.getDefaultInstance()).build());
      awaitTaught(Map.of("old", "", "copy", "", "stranger", ""));
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> service.get("/v1/collections/taught/classifier").statusCode() == 404);
    }
  }

  private static String awaitClassifier(ServiceProcess service, String version, String state)
      throws Exception {
    await()
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              JsonNode found =
                  JSON.readTree(service.get("/v1/collections/taught/classifier").body());
              return found.path("version").asText().equals(version)
                  && found.path("state").asText().equals(state);
            });
    return service.get("/v1/collections/taught/classifier").body();
  }
}
