package dev.lookalike.system;

import dev.lookalike.broker.BrokerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * Engines for tests, in this order: at the address that the environment gives; in a container,
 * where a Docker engine answers and has the image; as a process from its package.
 */
final class Engines {

  /**
   * Images by name. Those of {@code scripts/images build} by default, which hold the real engines.
   */
  private static final String KAFKA_IMAGE = image("LOOKALIKE_TEST_KAFKA_IMAGE", "kafka");

  private Engines() {}

  /**
   * A Kafka that answers.
   *
   * @param kind "address", "container" or "process"
   */
  record Kafka(String bootstrapServers, String kind, AutoCloseable running)
      implements AutoCloseable {
    @Override
    public void close() throws Exception {
      running.close();
    }
  }

  static Kafka kafka(Path directory) {
    Optional<String> given = Optional.ofNullable(System.getenv("LOOKALIKE_TEST_KAFKA"));
    if (given.isPresent()) {
      return new Kafka(given.get(), "address", () -> {});
    }
    if (hasImage(KAFKA_IMAGE)) {
      KafkaContainer container =
          new KafkaContainer(
                  DockerImageName.parse(KAFKA_IMAGE).asCompatibleSubstituteFor("apache/kafka"))
              .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
              .withEnv("KAFKA_MESSAGE_MAX_BYTES", "4194304")
              .withEnv("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000");
      container.start();
      return new Kafka(container.getBootstrapServers(), "container", container);
    }
    BrokerProcess broker = BrokerProcess.startOnFreePorts(directory);
    return new Kafka(broker.bootstrapServers(), "process", broker);
  }

  private static String image(String variable, String name) {
    String named = System.getenv(variable);
    return named != null ? named : "lookalike/" + name + ":" + version();
  }

  private static String version() {
    try {
      Matcher version =
          Pattern.compile("<version>(.*?)</version>")
              .matcher(Files.readString(RunningSystem.ROOT.resolve("pom.xml")));
      if (!version.find()) {
        throw new IllegalStateException("pom.xml has no version");
      }
      return version.group(1);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /**
   * Whether a Docker engine answers and has the image: none is pulled. Tells Testcontainers which
   * version of the interface the engine speaks, which it does not find out by itself.
   */
  private static boolean hasImage(String image) {
    Optional<String> version = dockerVersion();
    version.ifPresent(api -> System.setProperty("api.version", api));
    return version.isPresent()
        && docker("image", "inspect", "--format", "{{.Id}}", image).isPresent();
  }

  /** Whether this machine runs a Docker engine. */
  static boolean dockerAnswers() {
    return dockerVersion().isPresent();
  }

  private static Optional<String> dockerVersion() {
    return docker("version", "--format", "{{.Server.APIVersion}}");
  }

  private static Optional<String> docker(String... arguments) {
    String[] command = new String[arguments.length + 1];
    command[0] = "docker";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes()).strip();
      return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0
          ? Optional.of(output)
          : Optional.empty();
    } catch (IOException e) {
      // There is no docker.
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
