package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.broker.BrokerCluster;
import dev.lookalike.broker.FreePorts;
import dev.lookalike.engines.Certificates;
import dev.lookalike.engines.MilvusEngine;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * As a cluster runs it: three brokers that let nobody in without a password over TLS, and nobody do
 * what docs/kafka.md does not list; the index in a Milvus that wants the same, one query-service
 * that writes it and one that only answers. The whole stream runs on that, also while a broker is
 * killed, and while the one that writes is away.
 */
class ClusterIT {
  private static final String PASSWORD = "a-password-of-kafka";
  private static final int IMAGES = 160;
  private static final String IMAGES_TOPIC = Topics.images("default00001");

  private final int embedGrpc = FreePorts.next();
  private final int queryGrpc = FreePorts.next();

  @TempDir Path directory;
  private Certificates certificates;

  @BeforeEach
  void certify() throws IOException {
    certificates = Certificates.make(directory.resolve("certificates"));
  }

  @Test
  void theStreamRunsWithTheDocumentedAclsAndLosesNothingWithABroker() throws Exception {
    try (BrokerCluster cluster =
            BrokerCluster.start(directory.resolve("brokers"), 3, brokerSecurity());
        MilvusEngine milvus = MilvusEngine.secured(certificates, false);
        Admin admin = Admin.create(client("admin", cluster.bootstrapServers()))) {
      admin.createAcls(KafkaAcls.documented()).all().get(30, TimeUnit.SECONDS);
      // Somebody made a topic by hand that would forget images.
      admin
          .createTopics(
              List.of(
                  new NewTopic(IMAGES_TOPIC, 4, (short) 3)
                      .configs(Map.of("cleanup.policy", "delete", "max.message.bytes", "2097152"))))
          .all()
          .get(30, TimeUnit.SECONDS);
      try (ServiceJvm ingest = start("ingest", cluster, milvus, "");
          ServiceJvm embed = start("embed", cluster, milvus, "");
          ServiceJvm serve = start("query", cluster, milvus, "serve")) {
        Api api = new Api(ingest.httpPort, serve.httpPort);
        try (ServiceJvm sink = start("query", cluster, milvus, "sink")) {
          ingest.awaitReadiness("503", "--add-config cleanup.policy=compact");
          mend(admin);
          for (ServiceJvm service : List.of(ingest, embed, serve, sink)) {
            service.awaitReadiness("200", "");
          }
          surviveTheLossOfABroker(api, cluster);
          sayWhatIsMissing(api, admin, ingest);
          for (ServiceJvm service : List.of(ingest, embed, serve, sink)) {
            assertThat(service.log()).doesNotContain(PASSWORD).doesNotContain(MilvusEngine.TOKEN);
          }
        }
        answerWhileNobodyWrites(api, cluster, milvus);
      }
    }
  }

  /** Then nothing new is seen, everything known is, and nothing is lost. */
  private void answerWhileNobodyWrites(Api api, BrokerCluster cluster, MilvusEngine milvus)
      throws Exception {
    String late = putUntilAcknowledged(api, IMAGES);
    assertThat(api.get("/v1/collections/default/count").ok().path("searchable").asInt())
        .isEqualTo(IMAGES);
    assertThat(api.search("default", Pictures.jpeg(20_000), "k=1"))
        .singleElement()
        .satisfies(hit -> assertThat(hit.path("image_id").asText()).isEqualTo("k0"));
    Api.Answer refused = api.postToQuery("/v1/collections/default/index:rebuild");
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.code()).isEqualTo("INDEX_SERVES_ONLY");
    try (ServiceJvm sink = start("query", cluster, milvus, "sink")) {
      sink.awaitReadiness("200", "");
      assertThat(api.await(late).path("state").asText()).isEqualTo("searchable");
      Api atSink = new Api(0, sink.httpPort);
      assertThat(atSink.postToQuery("/v1/collections/default/index:rebuild").ok()).isNotEmpty();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  !atSink.get("/v1/collections/default/index").ok().path("rebuilding").asBoolean());
      JsonNode compared = atSink.postToQuery("/v1/collections/default/index:compare").ok();
      assertThat(compared.path("compared").asInt()).isEqualTo(IMAGES + 1);
      assertThat(compared.path("missing").asInt() + compared.path("stale").asInt())
          .as(compared.toString())
          .isZero();
      // The one that answers has followed the flip.
      String last = putUntilAcknowledged(api, IMAGES + 1);
      assertThat(api.await(last).path("state").asText()).isEqualTo("searchable");
      assertThat(api.get("/v1/collections/default/count").ok().path("searchable").asInt())
          .isEqualTo(IMAGES + 2);
    }
  }

  private static void mend(Admin admin) throws Exception {
    admin
        .incrementalAlterConfigs(
            Map.of(
                new ConfigResource(ConfigResource.Type.TOPIC, IMAGES_TOPIC),
                List.of(
                    new AlterConfigOp(
                        new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.SET))))
        .all()
        .get(30, TimeUnit.SECONDS);
  }

  private void surviveTheLossOfABroker(Api api, BrokerCluster cluster) throws Exception {
    ConcurrentSkipListMap<String, String> acknowledged = new ConcurrentSkipListMap<>();
    ExecutorService uploaders = Executors.newFixedThreadPool(4);
    List<Future<?>> uploads = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      int image = i;
      uploads.add(
          uploaders.submit(
              () -> {
                acknowledged.put("k" + image, putUntilAcknowledged(api, image));
                return null;
              }));
    }
    try {
      await().atMost(Duration.ofMinutes(2)).until(() -> acknowledged.size() >= IMAGES / 4);
      int before = acknowledged.size();
      cluster.node(0).kill();
      assertThat(before).as("killed in the middle of the import").isLessThan(IMAGES);
      for (Future<?> upload : uploads) {
        upload.get(2, TimeUnit.MINUTES);
      }
    } finally {
      uploaders.shutdownNow();
    }
    // All of it with two of the three.
    assertThat(api.await(new ArrayList<>(acknowledged.values()), Duration.ofSeconds(60)))
        .extracting(status -> status.path("state").asText())
        .containsOnly("searchable");
    assertThat(api.everything("default", false))
        .extracting(entry -> entry.path("image_id").asText())
        .containsExactlyInAnyOrderElementsOf(acknowledged.keySet());
    oneOutcomeForEachRecord(api, cluster);
    cluster.node(0).restart();
  }

  private static String putUntilAcknowledged(Api api, int image) throws InterruptedException {
    byte[] picture = Pictures.jpeg(20_000 + image);
    while (true) {
      try {
        Api.Answer answer = api.tryPut("default", "k" + image, picture, Map.of());
        if (answer.status() == 202) {
          return Api.accepted(answer).token();
        }
        assertThat(answer.status()).as(answer.body().toString()).isIn(429, 503);
      } catch (UncheckedIOException e) {
        // A connection that broke: tried again.
      }
      Thread.sleep(100);
    }
  }

  private void oneOutcomeForEachRecord(Api api, BrokerCluster cluster) throws Exception {
    String build = api.get("/v1/collections/default/index").ok().path("build_id").asText();
    Map<String, Object> admin = client("admin", cluster.bootstrapServers());
    Map<String, Integer> outcomes = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> record :
        LogReader.read(admin, Topics.embeddings("default00001", build))) {
      EmbeddingEvent event = EmbeddingEvent.parseFrom(record.value());
      outcomes.merge(record.partition() + "@" + event.getSource().getOffset(), 1, Integer::sum);
    }
    Map<String, Integer> expected = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> record : LogReader.read(admin, IMAGES_TOPIC)) {
      expected.put(record.partition() + "@" + record.offset(), 1);
    }
    assertThat(outcomes).isEqualTo(expected);
  }

  /** Without one ACL the upload is refused, and the service says which right it lacks. */
  private static void sayWhatIsMissing(Api api, Admin admin, ServiceJvm ingest) throws Exception {
    AclBinding write = KafkaAcls.topic("ingest", "lookalike.", AclOperation.WRITE);
    admin.deleteAcls(List.of(write.toFilter())).all().get(30, TimeUnit.SECONDS);
    Api.Answer answer = api.tryPut("default", "refused", Pictures.jpeg(1), Map.of());
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (answer.status() == 202 && System.nanoTime() < deadline) {
      answer = api.tryPut("default", "refused", Pictures.jpeg(1), Map.of());
    }
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.body().path("detail").asText()).contains("does not let this service write");
    assertThat(ingest.log()).contains("Not authorized to access topics: [" + IMAGES_TOPIC + "]");
    admin.createAcls(List.of(write)).all().get(30, TimeUnit.SECONDS);
  }

  /**
   * @param role of a query-service
   */
  private ServiceJvm start(String name, BrokerCluster cluster, MilvusEngine milvus, String role)
      throws Exception {
    Path home = Files.createDirectories(directory.resolve(name + role));
    Path file = home.resolve("client.properties");
    List<String> lines = new ArrayList<>();
    client(name, cluster.bootstrapServers()).forEach((key, value) -> lines.add(key + "=" + value));
    lines.removeIf(line -> line.startsWith("bootstrap.servers"));
    Files.write(file, lines);
    List<String> settings =
        new ArrayList<>(
            List.of(
                "lookalike.kafka.bootstrap-servers=" + cluster.bootstrapServers(),
                "lookalike.kafka.client-file=" + file));
    if (name.equals("query")) {
      settings.add("lookalike.index.type=milvus");
      settings.add("lookalike.index.role=" + role);
      settings.add("lookalike.index.milvus.uri=" + milvus.uri());
      settings.add("lookalike.index.milvus.token=" + MilvusEngine.TOKEN);
      settings.add("lookalike.index.milvus.ca-file=" + certificates.authority());
      settings.add("lookalike.index.milvus.partitions=2");
    } else {
      settings.add("lookalike.kafka.replication-factor=3");
      settings.add("lookalike.kafka.min-insync-replicas=2");
    }
    if (name.equals("ingest")) {
      settings.add("lookalike.query.address=127.0.0.1:" + queryGrpc);
    }
    if (!name.equals("embed")) {
      settings.add("lookalike.embed.address=127.0.0.1:" + embedGrpc);
    }
    int grpc =
        switch (name + role) {
          case "embed" -> embedGrpc;
          case "queryserve" -> queryGrpc;
          default -> FreePorts.next();
        };
    return ServiceJvm.start(name, home, FreePorts.next(), grpc, settings);
  }

  private Map<String, Object> client(String user, String bootstrapServers) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("bootstrap.servers", bootstrapServers);
    settings.put("security.protocol", "SASL_SSL");
    settings.put("sasl.mechanism", "PLAIN");
    settings.put(
        "sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\";"
            .formatted(user, PASSWORD));
    settings.put("ssl.truststore.type", "PEM");
    settings.put("ssl.truststore.location", certificates.authority().toString());
    return settings;
  }

  private Map<String, String> brokerSecurity() {
    StringBuilder jaas =
        new StringBuilder(
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"admin\" password=\"%s\""
                .formatted(PASSWORD));
    for (String user : List.of("admin", "ingest", "embed", "query")) {
      jaas.append(" user_%s=\"%s\"".formatted(user, PASSWORD));
    }
    return Map.ofEntries(
        Map.entry("listener.security.protocol.map", "CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT"),
        Map.entry("sasl.enabled.mechanisms", "PLAIN"),
        Map.entry("sasl.mechanism.inter.broker.protocol", "PLAIN"),
        Map.entry("listener.name.client.plain.sasl.jaas.config", jaas + ";"),
        Map.entry("ssl.keystore.location", certificates.store("server").toString()),
        Map.entry("ssl.keystore.password", Certificates.PASSWORD),
        Map.entry("ssl.keystore.type", "PKCS12"),
        Map.entry("ssl.truststore.location", certificates.authority().toString()),
        Map.entry("ssl.truststore.type", "PEM"),
        Map.entry(
            "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
        // The controllers speak among themselves without a name, on a port that no client is told.
        Map.entry("super.users", "User:admin;User:ANONYMOUS"));
  }
}
