package dev.lookalike.cli.machine;

import dev.lookalike.broker.FreePorts;
import dev.lookalike.cli.client.Addresses;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.HomeLock;
import dev.lookalike.cli.home.Ports;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Terminal;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import picocli.CommandLine.Command;

/**
 * Runs the whole system once in a temporary home, uploads a picture and searches with it, so that
 * each JVM writes its AOT cache (JEP 483, 514): the classes that it needed, parsed and linked. The
 * script calls it after a build. Without the caches everything works, but starts slowly.
 */
@Command(
    name = "prepare",
    hidden = true,
    description = "Creates the caches for a quick start; called by the start script.")
public final class PrepareCommand implements Callable<Integer> {

  /** For each step, including the exit of each JVM, which writes its cache then. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @Override
  public Integer call() throws IOException, InterruptedException {
    Distribution distribution = Distribution.find();
    Path directory = Files.createTempDirectory("lookalike-prepare");
    try {
      deleteAll(distribution.aotDirectory());
      Files.createDirectories(distribution.aotDirectory());
      Home home = new Home(directory.resolve("home"));
      home.open();
      run(distribution, home, directory);
    } finally {
      deleteAll(directory);
    }
    return ExitCode.OK.number();
  }

  private static void run(Distribution distribution, Home home, Path directory)
      throws IOException, InterruptedException {
    Ports ports = freePorts();
    Optional<HomeLock> lock = HomeLock.tryTake(home);
    Machine machine =
        new Machine(
            home,
            ports,
            distribution.children(home, ports, List.of(), Optional.empty(), true),
            Child.RestartPolicy.DEFAULT,
            Terminal.SYSTEM::note);
    Thread stop = new Thread(() -> machine.stop(Machine.STOP_PATIENCE), "stop");
    Runtime.getRuntime().addShutdownHook(stop);
    machine.start();
    Optional<String> failure = machine.awaitReady(PATIENCE);
    if (failure.isEmpty()) {
      Path picture = directory.resolve("picture.png");
      ImageIO.write(picture(), "png", picture.toFile());
      awaitCollection(new Rest(), Addresses.of(ports));
      command(distribution, home, List.of(), "put", picture.toString());
      Path cache = distribution.aotDirectory().resolve("cli.aot");
      command(
          distribution,
          home,
          List.of("-XX:AOTCacheOutput=" + cache, "-Xlog:aot*=off", "-Xlog:cds*=off"),
          "search",
          picture.toString());
    }
    Runtime.getRuntime().removeShutdownHook(stop);
    machine.stop(PATIENCE);
    lock.ifPresent(HomeLock::close);
    if (failure.isPresent()) {
      throw new CommandFailure(ExitCode.UNAVAILABLE, "NOT_READY", failure.get());
    }
  }

  /** The first collection is created and bound to a model shortly after the services are ready. */
  private static void awaitCollection(Rest rest, Addresses addresses) throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      Answer answer = rest.send("GET", URI.create(addresses.ingest() + "/v1/collections/default"));
      if (answer instanceof Answer.Ok(com.fasterxml.jackson.databind.JsonNode info)
          && info.path("build").path("id").isTextual()) {
        return;
      }
      Thread.sleep(100);
    }
  }

  private static void command(
      Distribution distribution, Home home, List<String> jvmOptions, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Distribution.java().toString());
    command.addAll(SupervisorJvm.options(distribution));
    command.addAll(1, jvmOptions);
    command.addAll(List.of(arguments));
    command.addAll(List.of("--home", home.directory().toString()));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(home.logs().resolve("command.log").toFile())
            .start();
    process.getOutputStream().close();
    boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly().waitFor();
    }
    if (!ended || process.exitValue() != 0) {
      Terminal.SYSTEM.note(
          String.join(" ", arguments)
              + " failed: "
              + Files.readString(home.logs().resolve("command.log")).strip());
    }
  }

  /** A gradient with a disc; the content does not matter. */
  private static BufferedImage picture() {
    BufferedImage image = new BufferedImage(320, 240, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 240; y++) {
      for (int x = 0; x < 320; x++) {
        boolean disc = (x - 160) * (x - 160) + (y - 120) * (y - 120) < 80 * 80;
        image.setRGB(x, y, disc ? 0xc03020 : (x * 255 / 320) << 8 | y);
      }
    }
    return image;
  }

  private static Ports freePorts() {
    Map<Ports.Listener, Integer> ports = new EnumMap<>(Ports.Listener.class);
    for (Ports.Listener listener : Ports.Listener.values()) {
      ports.put(listener, FreePorts.next());
    }
    return new Ports(ports);
  }

  private static void deleteAll(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> walk = Files.walk(directory)) {
      files = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}
