package dev.lookalike.engines;

import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Predicate;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.AbstractWaitStrategy;

/**
 * Engines in containers, on loopback only. An image named in the environment is pulled if missing;
 * our default images come from {@code scripts/images} and are in no registry, so they are never
 * pulled. A container ends with this JVM; after a killed JVM it can be found by the label {@value
 * #LABEL}.
 */
public final class Containers {
  /** Label of every container; its value is the name of the engine. */
  public static final String LABEL = "dev.lookalike.test-engine";

  private static final String LOOPBACK = "127.0.0.1";

  private Containers() {}

  /**
   * The name of an image present in the Docker engine.
   *
   * @param variable environment variable that may name the image
   * @param local name of the image of {@code scripts/images} to use otherwise
   */
  public static Attempt<String> image(String variable, String local) {
    Attempt<String> image = find(variable, local);
    if (image instanceof Attempt.Missing<String>(String why)) {
      EngineOrder.say("no container of " + local + ": " + why);
    }
    return image;
  }

  private static Attempt<String> find(String variable, String local) {
    Optional<String> absent = Docker.absent();
    if (absent.isPresent()) {
      return new Attempt.Missing<>("no Docker engine answers (" + absent.get() + ")");
    }
    Optional<String> named = EngineOrder.variable(variable);
    String image = named.orElseGet(() -> local(local, System.getenv()));
    if (Docker.has(image)) {
      return new Attempt.Found<>(image);
    }
    if (named.isEmpty()) {
      return new Attempt.Missing<>(
          "there is no image %s (`scripts/images build %s` makes it), and %s names no other"
              .formatted(image, local, variable));
    }
    EngineOrder.say("pulling " + image);
    return Docker.pull(image)
        .<Attempt<String>>map(why -> new Attempt.Missing<>("no " + image + ": " + why))
        .orElseGet(() -> new Attempt.Found<>(image));
  }

  /** The name that {@code scripts/images} gives an image, with its environment variables. */
  static String local(String image, Map<String, String> environment) {
    return "%s/%s:%s"
        .formatted(
            environment.getOrDefault("LOOKALIKE_IMAGE_PREFIX", "lookalike"),
            image,
            environment.getOrDefault("LOOKALIKE_IMAGE_TAG", version()));
  }

  private static String version() {
    Properties properties = new Properties();
    try (InputStream in = Containers.class.getResourceAsStream("version.properties")) {
      properties.load(Objects.requireNonNull(in));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version");
  }

  /**
   * Starts a container and waits until it answers.
   *
   * @param image its name
   * @param ports of the container to publish on loopback; the value is the port there, 0 for any
   * @param answers called until it returns true; an exception ends the wait
   */
  public static Attempt<GenericContainer<?>> start(
      String engine,
      String image,
      Map<Integer, Integer> ports,
      Map<String, String> environment,
      List<String> command,
      Predicate<GenericContainer<?>> answers,
      Duration limit) {
    @SuppressWarnings("resource") // closed by the hook
    GenericContainer<?> container = new GenericContainer<>(image);
    container
        .withEnv(environment)
        .withLabel(LABEL, engine)
        .withExposedPorts(ports.keySet().toArray(Integer[]::new))
        .withCreateContainerCmdModifier(
            create ->
                Objects.requireNonNull(create.getHostConfig())
                    .withPortBindings(
                        ports.entrySet().stream()
                            .map(each -> published(each.getKey(), each.getValue()))
                            .toList()))
        .waitingFor(new Answers(container, answers).withStartupTimeout(limit));
    if (!command.isEmpty()) {
      container.withCommand(command.toArray(String[]::new));
    }
    Runtime.getRuntime().addShutdownHook(new Thread(container::stop, "stop " + engine));
    long begin = System.nanoTime();
    try {
      container.start();
    } catch (RuntimeException e) {
      String why = "a container of " + image + " does not start: " + reasons(e);
      container.stop();
      EngineOrder.say(why);
      return new Attempt.Broken<>(why);
    }
    EngineOrder.say(
        "%s in a container of %s after %d ms"
            .formatted(engine, image, (System.nanoTime() - begin) / 1_000_000));
    return new Attempt.Found<>(container);
  }

  private static PortBinding published(int inside, int outside) {
    Ports.Binding binding =
        outside == 0
            ? Ports.Binding.bindIp(LOOPBACK)
            : Ports.Binding.bindIpAndPort(LOOPBACK, outside);
    return new PortBinding(binding, ExposedPort.tcp(inside));
  }

  /** Host and port on this machine. */
  public static String address(GenericContainer<?> container, int port) {
    return LOOPBACK + ":" + container.getMappedPort(port);
  }

  /**
   * Messages from the outermost exception to the cause, in one line; the library logs the
   * container's output.
   */
  private static String reasons(Throwable e) {
    StringBuilder reasons = new StringBuilder(String.valueOf(e.getMessage()));
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      reasons.append(": ").append(cause.getMessage());
    }
    return reasons.toString().replaceAll("\\s+", " ");
  }

  /**
   * Testcontainers' own strategies need a shell in the container, which small images lack, or wait
   * until the timeout for a container that has ended.
   */
  private static final class Answers extends AbstractWaitStrategy {
    private final GenericContainer<?> container;
    private final Predicate<GenericContainer<?>> answers;

    Answers(GenericContainer<?> container, Predicate<GenericContainer<?>> answers) {
      this.container = container;
      this.answers = answers;
    }

    @Override
    protected void waitUntilReady() {
      long deadline = System.nanoTime() + startupTimeout.toNanos();
      while (!answers.test(container)) {
        if (!container.isRunning()) {
          throw new IllegalStateException("the container ended");
        }
        if (System.nanoTime() > deadline) {
          throw new IllegalStateException(
              "it did not answer within " + startupTimeout.toSeconds() + " s");
        }
        try {
          Thread.sleep(100);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted", e);
        }
      }
    }
  }
}
