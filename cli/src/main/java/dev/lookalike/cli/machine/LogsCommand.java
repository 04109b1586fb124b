package dev.lookalike.cli.machine;

import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike logs}. */
@Command(
    name = "logs",
    description = "Prints the last lines of the logs of the broker and the services.",
    footer = {
      "",
      "Examples:",
      "  lookalike logs             the last lines of each",
      "  lookalike logs -f embed    follow the log of embed-service",
      "  lookalike logs -n 500 query"
    })
public final class LogsCommand implements Callable<Integer> {

  private static final long FOLLOW_MILLIS = 200;
  private static final String SUFFIX = ".log";

  @Mixin private Target target = new Target();

  @Option(names = "-f", description = "Keep printing new lines until Ctrl-C.")
  private boolean follow;

  @Option(names = "-n", paramLabel = "LINES", description = "Lines of each log; default: 30.")
  private int lines = 30;

  @Parameters(
      arity = "0..*",
      paramLabel = "NAME",
      description = "broker, ingest, embed, query or supervisor; default: all.")
  private List<String> names = List.of();

  @Override
  public Integer call() throws IOException, InterruptedException {
    Map<String, Long> ends = new TreeMap<>();
    List<String> chosen = names.isEmpty() ? all() : names;
    for (String name : chosen) {
      Path file = file(name);
      if (!Files.isRegularFile(file)) {
        throw new CommandFailure(
            ExitCode.NOT_FOUND, "NO_LOG", "no log of " + name + " in " + file.getParent());
      }
      List<String> tail;
      try (Stream<String> all = Files.lines(file, StandardCharsets.ISO_8859_1)) {
        List<String> read = all.toList();
        tail = read.subList(Math.max(0, read.size() - Math.max(0, lines)), read.size());
      }
      ends.put(name, Files.size(file));
      for (String line : tail) {
        print(
            chosen,
            name,
            new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
      }
    }
    while (follow) {
      for (String name : chosen) {
        ends.put(name, printFrom(chosen, name, ends.getOrDefault(name, 0L)));
      }
      Thread.sleep(FOLLOW_MILLIS);
    }
    return ExitCode.OK.number();
  }

  /**
   * Prints complete lines from a position; returns the position after the last one. A file that
   * became shorter is a new one.
   */
  private long printFrom(List<String> chosen, String name, long position) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(file(name).toFile(), "r")) {
      long from = file.length() < position ? 0 : position;
      file.seek(from);
      byte[] bytes = new byte[(int) Math.min(1 << 20, file.length() - from)];
      file.readFully(bytes);
      int end = bytes.length;
      while (end > 0 && bytes[end - 1] != '\n') {
        end--;
      }
      new String(bytes, 0, end, StandardCharsets.UTF_8)
          .lines()
          .forEach(line -> print(chosen, name, line));
      return from + end;
    }
  }

  private static void print(List<String> chosen, String name, String line) {
    Terminal.SYSTEM.line(
        chosen.size() == 1 ? line : Terminal.SYSTEM.bold("%-10s ".formatted(name)) + line);
  }

  private Path file(String name) {
    if (!name.matches("[a-z]+")) {
      throw new CommandFailure(ExitCode.USAGE, "USAGE", "there is no log named " + name);
    }
    return target.home().logs().resolve(name + SUFFIX);
  }

  private List<String> all() throws IOException {
    Path directory = target.home().logs();
    if (!Files.isDirectory(directory)) {
      throw new CommandFailure(
          ExitCode.NOT_FOUND, "NO_LOG", "nothing was ever started in " + target.home().directory());
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(n -> n.endsWith(SUFFIX))
          .map(n -> n.substring(0, n.length() - SUFFIX.length()))
          .sorted()
          .toList();
    }
  }
}
