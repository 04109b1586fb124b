package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.ingest.v1.CollectionInfo;
import dev.lookalike.proto.ingest.v1.CreateCollectionRequest;
import dev.lookalike.proto.ingest.v1.DeleteCollectionRequest;
import dev.lookalike.proto.ingest.v1.GetCollectionRequest;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.proto.ingest.v1.RenameCollectionRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

/** Collections with models of their own side by side in one running system, and their end. */
class CollectionsIT {
  private static final int IMAGES = 12;

  private final RunningSystem system = RunningSystem.get();
  private final Api api = system.api;

  @Test
  void twoModelsSideBySideNeverMeet() throws Exception {
    JsonNode tiny =
        system.lookalike("collection", "create", "sides-tiny", "--model", "tiny", "--json").json();
    assertThat(tiny.path("bound").asBoolean()).isTrue();
    assertThat(tiny.path("build").path("model").asText()).isEqualTo("tiny");
    // It answered, so it can be searched: no request fails for a build that is still to come.
    assertThat(api.trySearch("sides-tiny", Pictures.jpeg(1), "k=3").ok().path("hits")).isEmpty();
    JsonNode built = api.createCollection("sides-built", Map.of("model", "lookalike-256")).ok();
    assertThat(built.path("bound").asBoolean()).isTrue();
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      tokens.add(api.put("sides-tiny", "p" + i, Pictures.jpeg(i), Map.of()).token());
      tokens.add(api.put("sides-built", "p" + i, Pictures.jpeg(i), Map.of()).token());
    }
    tokens.add(api.put("sides-tiny", "only-tiny", Pictures.jpeg(99), Map.of()).token());
    assertThat(api.await(tokens, Duration.ofSeconds(60)))
        .extracting(status -> status.path("state").asText())
        .containsOnly("searchable");
    for (String side : List.of("tiny", "built")) {
      String model = side.equals("tiny") ? "tiny" : "lookalike-256";
      int dimension = side.equals("tiny") ? 96 : 256;
      assertThat(api.everything("sides-" + side, true))
          .hasSize(side.equals("tiny") ? IMAGES + 1 : IMAGES)
          .allSatisfy(
              entry -> {
                assertThat(entry.path("vector")).hasSize(dimension);
                assertThat(entry.path("model").path("id").asText()).isEqualTo(model);
              });
      for (int i = 0; i < IMAGES; i++) {
        JsonNode found = api.trySearch("sides-" + side, Pictures.jpeg(i), "k=" + (IMAGES + 5)).ok();
        assertThat(found.path("model").path("id").asText()).isEqualTo(model);
        assertThat(found.path("hits").get(0).path("image_id").asText()).isEqualTo("p" + i);
        assertThat(found.path("hits").get(0).path("similarity").asDouble()).isGreaterThan(0.999);
      }
    }
    everyOutcomeIsOf(tiny);
    everyOutcomeIsOf(built);

    JsonNode vector = api.everything("sides-tiny", true).getFirst().path("vector");
    List<Double> values = new ArrayList<>();
    vector.forEach(value -> values.add(value.asDouble()));
    assertThat(search("sides-built", Map.of("vector", values)).code()).isEqualTo("INVALID_VECTOR");
    assertThat(search("sides-built", Map.of("image_id", "only-tiny")).code())
        .isEqualTo("IMAGE_NOT_FOUND");
    assertThat(
            api.trySearch("sides-built", Pictures.jpeg(1), "k=1&token=" + tokens.getLast()).code())
        .isEqualTo("INVALID_TOKEN");
  }

  private Api.Answer search(String collection, Map<String, Object> example) {
    return api.search(collection, Map.of("positives", List.of(example)));
  }

  private void everyOutcomeIsOf(JsonNode collection) throws Exception {
    List<ConsumerRecord<byte[], byte[]>> records =
        LogReader.read(
            system.bootstrapServers(),
            Topics.embeddings(
                collection.path("id").asText(), collection.path("build").path("id").asText()));
    assertThat(records).hasSizeGreaterThanOrEqualTo(IMAGES);
    for (ConsumerRecord<byte[], byte[]> record : records) {
      assertThat(EmbeddingEvent.parseFrom(record.value()).getEmbedded().getModel().getDigest())
          .isEqualTo(collection.path("build").path("model_digest").asText());
    }
  }

  @Test
  void aModelThatIsAddedIsServedWhileTheSystemRuns() throws Exception {
    Path folder = RunningSystem.tinyModel("added");
    RunningSystem.Run added =
        system.lookalike("model", "add", folder.toString(), "--name", "added");
    assertThat(added.ok().out()).contains("added is served");
    assertThat(system.lookalike("model", "list").ok().out())
        .contains("added", "tiny", "lookalike-256");
    assertThat(system.lookalike("model", "show", "added").ok().out())
        .contains("served", "96", "model.onnx");
    system.lookalike("collection", "create", "of-added", "--model", "added").ok();
    api.await(api.put("of-added", "a", Pictures.jpeg(3), Map.of()).token());
    assertThat(api.search("of-added", Pictures.jpeg(3), "k=1").getFirst().path("image_id").asText())
        .isEqualTo("a");

    Path broken = RunningSystem.tinyModel("broken");
    Files.write(broken.resolve("model.onnx"), new byte[] {1, 2, 3});
    RunningSystem.Run refused =
        system.lookalike("model", "add", broken.toString(), "--name", "broken");
    assertThat(refused.exit()).isEqualTo(5);
    assertThat(refused.err()).contains("MODEL_REFUSED", "model.onnx");
    assertThat(api.search("of-added", Pictures.jpeg(3), "k=1")).hasSize(1);
  }

  @Test
  void aModelThatIsNotServedIsRefused() {
    RunningSystem.Run run =
        system.lookalike("collection", "create", "nobody", "--model", "no-such-model");
    assertThat(run.exit()).isEqualTo(5);
    assertThat(run.err()).contains("MODEL_NOT_SERVED", "no-such-model", "tiny", "lookalike-256");
    assertThat(api.getFromIngest("/v1/collections/nobody").code())
        .isEqualTo("COLLECTION_NOT_FOUND");
  }

  @Test
  void aRenameHarmsNoSearch() throws Exception {
    String id = api.createCollection("rename-before", Map.of()).ok().path("id").asText();
    api.await(api.put("rename-before", "a", Pictures.jpeg(5), Map.of()).token());
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Set<String>> searching =
        CompletableFuture.supplyAsync(
            () -> {
              Set<String> answers = new HashSet<>();
              while (!stop.get()) {
                for (String name : List.of("rename-before", "rename-after", id)) {
                  Api.Answer answer = api.trySearch(name, Pictures.jpeg(5), "k=1");
                  answers.add(
                      (name.equals(id) ? "id " : "name ")
                          + answer.status()
                          + " "
                          + (answer.status() == 200
                              ? answer.body().path("hits").size() + ""
                              : answer.code()));
                }
              }
              return answers;
            });
    Thread.sleep(200);
    assertThat(system.lookalike("collection", "rename", "rename-before", "rename-after").ok().out())
        .contains("rename-after");
    Thread.sleep(200);
    stop.set(true);
    assertThat(searching.get(20, TimeUnit.SECONDS))
        .containsOnly("id 200 1", "name 200 1", "name 404 COLLECTION_NOT_FOUND");
    assertThat(api.getFromIngest("/v1/collections/rename-after").ok().path("counts"))
        .isEqualTo(api.getFromIngest("/v1/collections/" + id).ok().path("counts"));
    assertThat(api.renameCollection("rename-after", "default").code())
        .isEqualTo("COLLECTION_EXISTS");
    assertThat(api.createCollection("rename-before", Map.of()).ok().path("id").asText())
        .isNotEqualTo(id);
    assertThat(api.count("rename-before").path("searchable").asInt()).isZero();
  }

  @Test
  void theSameOverGrpc() {
    ManagedChannel channel =
        Grpc.newChannelBuilder(
                "127.0.0.1:" + (system.portBase + 11), InsecureChannelCredentials.create())
            .build();
    try {
      IngestGrpc.IngestBlockingStub rpc =
          IngestGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
      CollectionInfo created =
          rpc.createCollection(
              CreateCollectionRequest.newBuilder().setName("by-rpc").setModel("tiny").build());
      assertThat(created.getBuild().getModel().getId()).isEqualTo("tiny");
      CollectionInfo renamed =
          rpc.renameCollection(
              RenameCollectionRequest.newBuilder()
                  .setCollection("by-rpc")
                  .setName("by-rpc-again")
                  .build());
      assertThat(renamed.getId()).isEqualTo(created.getId());
      GetCollectionRequest get =
          GetCollectionRequest.newBuilder().setCollection("by-rpc-again").build();
      assertThat(rpc.getCollection(get).hasCounts()).isTrue();
      assertThat(
              rpc.deleteCollection(
                      DeleteCollectionRequest.newBuilder().setCollection("by-rpc-again").build())
                  .getId())
          .isEqualTo(created.getId());
      assertThatThrownBy(() -> rpc.getCollection(get))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND));
      awaitNoTraces(created.getId());
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void aDeletedCollectionTakesEverythingWithIt() {
    JsonNode first = filled("whole");
    String id = first.path("id").asText();
    assertThat(traces(id)).hasSize(6);
    RunningSystem.Run asked = system.lookalike("collection", "delete", "whole");
    assertThat(asked.exit()).isEqualTo(2);
    assertThat(asked.err()).contains(IMAGES + " images", "--yes");
    system.lookalike("collection", "delete", "whole", "--yes").ok();
    assertThat(api.getFromIngest("/v1/collections/whole").code()).isEqualTo("COLLECTION_NOT_FOUND");
    assertThat(api.tryPut("whole", "a", Pictures.jpeg(1), Map.of()).code())
        .isEqualTo("COLLECTION_NOT_FOUND");
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () ->
                assertThat(api.trySearch("whole", Pictures.jpeg(1), "k=1").code())
                    .isEqualTo("COLLECTION_NOT_FOUND"));
    // Used again at once, it starts empty, though the old one's traces may still be on their way.
    JsonNode second = api.createCollection("whole", Map.of()).ok();
    assertThat(second.path("id").asText()).isNotEqualTo(id);
    assertThat(api.trySearch("whole", Pictures.jpeg(1), "k=5").ok().path("hits")).isEmpty();
    assertThat(api.count("whole").path("searchable").asInt()).isZero();
    awaitNoTraces(id);
    api.await(api.put("whole", "new", Pictures.jpeg(1), Map.of()).token());
    assertThat(api.search("whole", Pictures.jpeg(1), "k=5")).hasSize(1);
  }

  @Test
  void aDeletionThatDiesInTheMiddleIsFinished() {
    String id = filled("half").path("id").asText();
    ProcessHandle ingest = system.process(RunningSystem.Part.INGEST);
    // Embed and query can take nothing away before they die, and ingest dies at its own answer.
    RunningSystem.kill(system.process(RunningSystem.Part.EMBED));
    RunningSystem.kill(system.process(RunningSystem.Part.QUERY));
    api.deleteCollection("half").ok();
    RunningSystem.kill(ingest);
    system.awaitReady();
    assertThat(api.getFromIngest("/v1/collections/half").code()).isEqualTo("COLLECTION_NOT_FOUND");
    awaitNoTraces(id);
    assertThat(api.createCollection("half", Map.of()).ok().path("bound").asBoolean()).isTrue();
    assertThat(api.count("half").path("searchable").asInt()).isZero();
  }

  private JsonNode filled(String name) {
    JsonNode created = api.createCollection(name, Map.of("keep_originals", true)).ok();
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      tokens.add(api.put(name, "i" + i, Pictures.jpeg(i), Map.of()).token());
    }
    assertThat(api.await(tokens, Duration.ofSeconds(60)))
        .extracting(status -> status.path("state").asText())
        .containsOnly("searchable");
    return created;
  }

  private void awaitNoTraces(String id) {
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(() -> assertThat(traces(id)).as("what is left of " + id).isEmpty());
  }

  /** Topics, groups and folders of a collection. */
  private Set<String> traces(String id) {
    Set<String> traces = new TreeSet<>();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", system.bootstrapServers()))) {
      admin.listTopics().names().get(10, TimeUnit.SECONDS).stream()
          .filter(topic -> topic.contains(id))
          .forEach(traces::add);
      admin.listGroups().all().get(10, TimeUnit.SECONDS).stream()
          .map(group -> group.groupId())
          .filter(group -> group.contains(id))
          .forEach(traces::add);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    for (String folder : List.of("index", "blobs")) {
      Path ofCollection = system.home.resolve(folder).resolve(id);
      if (Files.exists(ofCollection)) {
        traces.add(ofCollection.toString());
      }
    }
    return traces;
  }
}
