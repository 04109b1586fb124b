package dev.lookalike.cli.machine;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The process that listens on a port.
 *
 * @param pid 0 if unknown (another user's process, or not Linux)
 * @param commandLine arguments separated by spaces; empty if unknown
 */
record PortHolder(long pid, String commandLine) {

  /** State of a listening socket in /proc/net/tcp. */
  private static final String LISTEN = "0A";

  private static final int SHOWN = 120;

  /** Whether a process listens on the port, on the loopback interface or on all interfaces. */
  static boolean isTaken(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  /** The process that listens on the port; empty if none does. */
  static Optional<PortHolder> of(int port) {
    if (!isTaken(port)) {
      return Optional.empty();
    }
    Set<String> inodes = new HashSet<>();
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      listeners(Path.of(table), port, inodes);
    }
    if (!inodes.isEmpty()) {
      try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
        for (Path process : processes) {
          if (holds(process, inodes)) {
            return Optional.of(
                new PortHolder(
                    Long.parseLong(process.getFileName().toString()), commandLine(process)));
          }
        }
      } catch (IOException e) {
        return Optional.of(new PortHolder(0, ""));
      }
    }
    return Optional.of(new PortHolder(0, ""));
  }

  private static void listeners(Path table, int port, Set<String> inodes) {
    try {
      String local = ":%04X".formatted(port);
      for (String line : Files.readAllLines(table)) {
        String[] columns = line.strip().split("\\s+");
        if (columns.length > 9 && columns[1].endsWith(local) && columns[3].equals(LISTEN)) {
          inodes.add("socket:[" + columns[9] + "]");
        }
      }
    } catch (IOException e) {
      // Not Linux: the holder stays unnamed.
    }
  }

  private static boolean holds(Path process, Set<String> inodes) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path file : files) {
        if (inodes.contains(Files.readSymbolicLink(file).toString())) {
          return true;
        }
      }
    } catch (IOException e) {
      // Ended in the meantime, or another user's.
    }
    return false;
  }

  private static String commandLine(Path process) {
    try {
      return new String(Files.readAllBytes(process.resolve("cmdline")), StandardCharsets.UTF_8)
          .replace('\0', ' ')
          .strip();
    } catch (IOException e) {
      return "";
    }
  }

  /** For a message: the process and the beginning of its command. */
  String text() {
    if (pid == 0) {
      return "a process of another user";
    }
    String shown =
        commandLine.length() > SHOWN ? commandLine.substring(0, SHOWN) + "..." : commandLine;
    return "process " + pid + " (" + shown + ")";
  }
}
