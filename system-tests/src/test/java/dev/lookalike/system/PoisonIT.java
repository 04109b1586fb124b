package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Tokens;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.ImageEvent;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.UploadToken;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/**
 * Records in the images topic that no model can embed: rejected with a reason, and never in
 * anybody's way.
 */
class PoisonIT {
  @Test
  void aPoisonRecordIsRejectedAndItsNeighboursGoThrough() throws Exception {
    RunningSystem system = RunningSystem.get();
    Api api = system.api;
    JsonNode collection = api.createCollection("poison", Map.of("partitions", 1)).ok();
    String id = collection.path("id").asText();

    List<String> good = new ArrayList<>();
    List<String> poison = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", system.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      for (int i = 0; i < 6; i++) {
        good.add(api.put("poison", "good" + i, Pictures.jpeg(700 + i), Map.of()).token());
        byte[] value =
            switch (i % 3) {
              case 0 -> "this is not protobuf at all".getBytes(StandardCharsets.UTF_8);
              case 1 -> new byte[0];
              default -> storedWithBrokenJpeg();
            };
        String key = "poison" + i;
        RecordMetadata at =
            producer.send(new ProducerRecord<>(Topics.images(id), 0, Keys.image(key), value)).get();
        poison.add(
            Tokens.encode(
                UploadToken.newBuilder()
                    .setCollectionId(id)
                    .setImageId(key)
                    .setVersion(
                        ImageVersion.newBuilder()
                            .setGeneration(1)
                            .setPartition(at.partition())
                            .setOffset(at.offset()))
                    .build()));
      }
    }

    assertThat(api.await(good, Duration.ofSeconds(60)))
        .extracting(status -> status.path("state").asText())
        .containsOnly("searchable");
    List<JsonNode> rejected = api.await(poison, Duration.ofSeconds(60));
    assertThat(rejected)
        .extracting(status -> status.path("state").asText())
        .containsOnly("rejected");
    assertThat(rejected)
        .extracting(status -> status.path("reason").asText())
        .containsExactly(
            "RECORD_UNREADABLE",
            "RECORD_UNREADABLE",
            "CANONICAL_UNREADABLE",
            "RECORD_UNREADABLE",
            "RECORD_UNREADABLE",
            "CANONICAL_UNREADABLE");
    JsonNode count = api.count("poison");
    assertThat(count.path("searchable").asInt()).isEqualTo(6);
    assertThat(count.path("rejected").asInt()).isEqualTo(6);

    theCommandLineListsAndRetries(system);

    // A rejected newer version removes the older vector, and an upload that is put again ends the
    // rejection.
    api.await(api.put("poison", "poison0", Pictures.jpeg(790), Map.of()).token());
    assertThat(api.count("poison").path("rejected").asInt()).isEqualTo(5);
    assertThat(api.search("poison", Pictures.jpeg(790), "k=1").getFirst().path("image_id").asText())
        .isEqualTo("poison0");
  }

  /**
   * A second attempt of a broken image ends as the first; what is no image cannot be sent again.
   */
  private static void theCommandLineListsAndRetries(RunningSystem system) {
    String listed = system.lookalike("rejected", "list", "--collection", "poison").ok().out();
    assertThat(listed.lines().filter(line -> line.contains("CANONICAL_UNREADABLE"))).hasSize(2);
    assertThat(listed.lines().filter(line -> line.contains("RECORD_UNREADABLE"))).hasSize(4);

    system.lookalike("rejected", "retry", "poison2", "--collection", "poison").ok();
    List<JsonNode> second = new ArrayList<>();
    while (second.isEmpty()) {
      for (JsonNode image :
          system
              .lookalike("rejected", "list", "--collection", "poison", "--json")
              .json()
              .path("images")) {
        if (image.path("attempts").asInt() == 2) {
          second.add(image);
        }
      }
    }
    assertThat(second.getFirst().path("image_id").asText()).isEqualTo("poison2");
    RunningSystem.Run refused =
        system.lookalike("rejected", "retry", "poison0", "--collection", "poison");
    assertThat(refused.exit()).isEqualTo(5);
    assertThat(refused.err()).contains("NOT_RETRYABLE");
  }

  private static byte[] storedWithBrokenJpeg() {
    ImageEvent.Builder event = ImageEvent.newBuilder();
    event
        .getStoredBuilder()
        .setAttempt(1)
        .getCanonicalBuilder()
        .setMediaType("image/jpeg")
        .setWidth(10)
        .setHeight(10)
        .setInline(ByteString.copyFrom(new byte[] {(byte) 0xFF, (byte) 0xD8, 1}));
    return event.build().toByteArray();
  }
}
