package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged services with a Kafka that they did not bring: given by address, or a container. */
class EnginesIT {
  private static final String MISSING =
      "no Kafka but our own: LOOKALIKE_TEST_KAFKA gives an address; or scripts/docker-engine and"
          + " `scripts/images build kafka` make a container of it";

  @TempDir static Path directory;

  @Test
  void anUploadIsFoundThroughAKafkaThatWasThere() throws Exception {
    List<Process> processes = new ArrayList<>();
    try (Engines.Kafka kafka = Engines.kafka(directory.resolve("kafka"))) {
      boolean foreign = !kafka.kind().equals("process");
      if (!foreign && Engines.dockerAnswers() && Boolean.parseBoolean(System.getenv("CI"))) {
        throw new AssertionError(MISSING);
      }
      assumeTrue(foreign, MISSING);
      int[] ports = freePorts(6);
      Map<String, List<String>> settings =
          Map.of(
              "ingest",
              List.of(
                  "-Dlookalike.query.address=127.0.0.1:" + ports[5],
                  "-Dlookalike.embed.address=127.0.0.1:" + ports[4],
                  "-Dlookalike.blobs.directory=" + directory.resolve("blobs")),
              "embed",
              List.of(),
              "query",
              List.of(
                  "-Dlookalike.embed.address=127.0.0.1:" + ports[4],
                  "-Dlookalike.index.directory=" + directory.resolve("index")));
      List<String> services = List.of("ingest", "embed", "query");
      for (int i = 0; i < services.size(); i++) {
        String service = services.get(i);
        processes.add(
            start(
                service, ports[i], ports[i + 3], kafka, settings.getOrDefault(service, List.of())));
      }
      for (int i = 0; i < services.size(); i++) {
        awaitReady(services.get(i), ports[i]);
      }
      Api api = new Api(ports[0], ports[2]);
      api.createCollection("engines", Map.of()).ok();
      byte[] picture = Pictures.jpeg(11);
      Api.Accepted accepted = api.put("engines", "picture", picture, Map.of());
      assertThat(api.await(accepted.token()).path("state").asText()).isEqualTo("searchable");
      List<JsonNode> hits = api.search("engines", picture, "k=1");
      assertThat(hits).hasSize(1);
      assertThat(hits.getFirst().path("image_id").asText()).isEqualTo("picture");
    } finally {
      processes.forEach(Process::destroy);
      for (Process process : processes) {
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      }
    }
  }

  private static Process start(
      String service, int http, int grpc, Engines.Kafka kafka, List<String> settings)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.add("-Dquarkus.http.port=" + http);
    command.add("-Dquarkus.grpc.server.port=" + grpc);
    command.add("-Dlookalike.kafka.bootstrap-servers=" + kafka.bootstrapServers());
    command.addAll(settings);
    command.add("-jar");
    command.add(
        RunningSystem.ROOT
            .resolve(service + "-service/target/quarkus-app/quarkus-run.jar")
            .toString());
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve(service + ".log").toFile())
        .start();
  }

  private static void awaitReady(String service, int port) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      HttpRequest ready =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/q/health/ready"))
              .timeout(Duration.ofSeconds(5))
              .build();
      long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
      String last = "";
      while (System.nanoTime() < deadline) {
        try {
          var answer = http.send(ready, BodyHandlers.ofString());
          if (answer.statusCode() == 200) {
            return;
          }
          last = answer.body();
        } catch (IOException e) {
          last = String.valueOf(e.getMessage());
        }
        Thread.sleep(100);
      }
      throw new AssertionError(service + " is not ready: " + last);
    }
  }

  private static int[] freePorts(int count) throws IOException {
    List<ServerSocket> held = new ArrayList<>();
    try {
      int[] ports = new int[count];
      for (int i = 0; i < count; i++) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        held.add(socket);
        ports[i] = socket.getLocalPort();
      }
      return ports;
    } finally {
      for (ServerSocket socket : held) {
        socket.close();
      }
    }
  }
}
