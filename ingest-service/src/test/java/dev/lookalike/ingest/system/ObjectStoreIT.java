package dev.lookalike.ingest.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lookalike.engines.KafkaEngine;
import dev.lookalike.ingest.blobs.ObjectStoreProcess;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged service with its originals in a real object store, which is killed: nothing is
 * acknowledged without its original, and the service says what it misses.
 */
class ObjectStoreIT {
  private static final String IMAGES = "/v1/collections/default/images";

  @TempDir Path directory;

  @Test
  void keepsOriginalsInTheObjectStoreAndRefusesUploadsWithoutIt() throws Exception {
    try (ObjectStoreProcess store = ObjectStoreProcess.start(directory.resolve("store"));
        KafkaEngine broker = KafkaEngine.start(directory.resolve("broker"));
        IngestProcess ingest =
            IngestProcess.start(
                "-Dlookalike.kafka.bootstrap-servers=" + broker.bootstrapServers(),
                "-Dlookalike.collections.keep-originals=true",
                "-Dlookalike.blobs.s3.endpoint=" + store.endpoint(),
                "-Dlookalike.blobs.s3.path-style=true",
                "-Dlookalike.blobs.s3.bucket=" + ObjectStoreProcess.BUCKET,
                "-Dlookalike.blobs.s3.prefix=test-" + UUID.randomUUID() + "/",
                "-Dlookalike.blobs.s3.access-key-id=" + ObjectStoreProcess.ACCESS_KEY_ID,
                "-Dlookalike.blobs.s3.secret-access-key=" + ObjectStoreProcess.SECRET_ACCESS_KEY)) {
      ingest.awaitReady();
      byte[] image = picture(1);
      HttpResponse<String> accepted = put(ingest, "kept", image);
      assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
      String version = accepted.body().replaceAll("(?s).*\"version\":\"([^\"]*)\".*", "$1");
      assertThat(original(ingest, version)).isEqualTo(image);

      Assumptions.assumeTrue(store.isOwn());
      store.kill();
      HttpResponse<String> refused = put(ingest, "refused", picture(2));
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.body()).contains("STORAGE_UNAVAILABLE");
      assertThat(refused.headers().firstValue("Retry-After")).isPresent();
      assertThat(ingest.readiness()).startsWith("503").contains("originals cannot be kept");

      store.restart();
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() -> assertThat(ingest.readiness()).startsWith("200"));
      assertThat(put(ingest, "refused", picture(2)).statusCode()).isEqualTo(202);
      assertThat(original(ingest, version)).isEqualTo(image);
    }
  }

  private static HttpResponse<String> put(IngestProcess ingest, String id, byte[] image)
      throws Exception {
    return IngestProcess.HTTP.send(
        HttpRequest.newBuilder(ingest.uri(IMAGES + "/" + id))
            .timeout(Duration.ofSeconds(40))
            .PUT(BodyPublishers.ofByteArray(image))
            .build(),
        BodyHandlers.ofString());
  }

  private static byte[] original(IngestProcess ingest, String version) throws Exception {
    return IngestProcess.HTTP
        .send(
            HttpRequest.newBuilder(
                    ingest.uri(IMAGES + "/kept/content?variant=original&version=" + version))
                .timeout(Duration.ofSeconds(30))
                .build(),
            BodyHandlers.ofByteArray())
        .body();
  }

  private static byte[] picture(int seed) throws Exception {
    BufferedImage image = new BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB);
    image.setRGB(seed, seed, 0xff8800);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    assertThat(ImageIO.write(image, "png", png)).isTrue();
    return png.toByteArray();
  }
}
