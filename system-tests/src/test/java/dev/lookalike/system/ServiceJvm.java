package dev.lookalike.system;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A packaged service in a JVM of its own, as a deployment runs it: without the command line. */
final class ServiceJvm implements AutoCloseable {
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final String name;
  private final Process process;
  private final Path log;
  final int httpPort;
  final int grpcPort;

  private ServiceJvm(String name, Process process, Path log, int httpPort, int grpcPort) {
    this.name = name;
    this.process = process;
    this.log = log;
    this.httpPort = httpPort;
    this.grpcPort = grpcPort;
  }

  /**
   * Starts it in {@code directory}; does not wait.
   *
   * @param name ingest, embed or query
   * @param settings {@code key=value} each
   */
  static ServiceJvm start(
      String name, Path directory, int httpPort, int grpcPort, List<String> settings)
      throws IOException {
    Path jar = RunningSystem.ROOT.resolve(name + "-service/target/quarkus-app/quarkus-run.jar");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx192m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dlookalike.exit-with-parent=true",
                "-Dquarkus.http.port=" + httpPort,
                "-Dquarkus.grpc.server.port=" + grpcPort));
    if (name.equals("query")) {
      command.add("--add-modules=jdk.incubator.vector");
    }
    settings.forEach(setting -> command.add("-D" + setting));
    command.addAll(List.of("-jar", jar.toString()));
    Path home = Files.createDirectories(directory.resolve(name));
    Path log = home.resolve("log");
    Process process =
        new ProcessBuilder(command)
            .directory(home.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    return new ServiceJvm(name, process, log, httpPort, grpcPort);
  }

  /** Status and body of the readiness; status 0 while nothing listens. */
  String readiness() {
    try {
      var response =
          HTTP.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + "/q/health/ready"))
                  .timeout(Duration.ofSeconds(10))
                  .build(),
              BodyHandlers.ofString());
      return response.statusCode() + " " + response.body();
    } catch (IOException e) {
      return "0 " + e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "0 interrupted";
    }
  }

  /** Waits until the readiness begins with a status and holds a text; fails with the log. */
  void awaitReadiness(String status, String text) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    String now = readiness();
    while (!now.startsWith(status) || !now.contains(text)) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError(
            "%s is not %s with \"%s\": %s%n%s".formatted(name, status, text, now, log()));
      }
      Thread.sleep(100);
      now = readiness();
    }
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  @Override
  public void close() throws Exception {
    process.getOutputStream().close();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }
}
