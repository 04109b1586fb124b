package dev.lookalike.cli.machine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How this command starts itself in another process, as the script {@code lookalike} does. */
final class SupervisorJvm {

  private SupervisorJvm() {}

  /** The part of the command line between {@code java} and the command's own arguments. */
  static List<String> options(Distribution distribution) {
    List<String> options =
        new ArrayList<>(
            List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k"));
    Path cache = distribution.aotDirectory().resolve("cli.aot");
    if (Files.exists(cache)) {
      options.addAll(List.of("-XX:AOTCache=" + cache, "-Xlog:aot*=off", "-Xlog:cds*=off"));
    }
    options.add("-Dlookalike.root=" + distribution.root());
    options.addAll(List.of("-cp", distribution.cliClassPath(), "dev.lookalike.cli.Lookalike"));
    return options;
  }
}
