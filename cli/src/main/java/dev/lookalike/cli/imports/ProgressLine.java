package dev.lookalike.cli.imports;

import dev.lookalike.cli.terminal.Terminal;

/** The progress line of an import on a terminal: bar, images per second, time left, rejected. */
final class ProgressLine {

  private static final int WIDTH = 24;

  /** Weight of the newest rate in the average: about 4 s of history at five updates per second. */
  private static final double NEWEST = 0.05;

  private final Terminal terminal;
  private final Summary summary;
  private final boolean acceptedIsDone;
  private final long begin = System.nanoTime();
  private long lastTime = begin;
  private int lastDone;
  private double rate;

  /**
   * @param acceptedIsDone true if the import does not wait for outcomes
   */
  ProgressLine(Terminal terminal, Summary summary, boolean acceptedIsDone) {
    this.terminal = terminal;
    this.summary = summary;
    this.acceptedIsDone = acceptedIsDone;
    this.lastDone = summary.ended();
  }

  void print() {
    if (!terminal.interactive()) {
      return;
    }
    int files = summary.files();
    int done = acceptedIsDone ? summary.uploadedCount() : summary.ended();
    long now = System.nanoTime();
    double current = (done - lastDone) / Math.max(1e-3, (now - lastTime) / 1e9);
    rate = now - begin < 1_000_000_000L ? current : rate + NEWEST * (current - rate);
    lastTime = now;
    lastDone = done;
    int filled = files == 0 ? WIDTH : (int) ((long) WIDTH * done / files);
    String left = rate > 0.1 ? time((files - done) / rate) : "?";
    terminal.moving(
        "%s%s %d/%d  %.0f images/s  ETA %s  %d rejected"
            .formatted(
                "█".repeat(filled),
                "░".repeat(WIDTH - filled),
                done,
                files,
                rate,
                left,
                summary.rejectedCount()));
  }

  private static String time(double seconds) {
    long s = Math.round(seconds);
    return s < 60
        ? s + " s"
        : s < 3600
            ? "%d:%02d min".formatted(s / 60, s % 60)
            : "%d:%02d h".formatted(s / 3600, s % 3600 / 60);
  }

  void clear() {
    if (terminal.interactive()) {
      terminal.moving("");
    }
  }
}
