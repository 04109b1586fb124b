package dev.lookalike.training;

import java.io.PrintStream;
import java.util.Locale;

/**
 * Prints the progress of the training: a line for each epoch, and on a terminal a line that is
 * rewritten.
 */
final class Progress {
  private static final long BETWEEN_NANOS = 300_000_000L;

  private final PrintStream out;
  private final boolean interactive;
  private long started;
  private long told;
  private int epochs;
  private int steps;

  /**
   * @param interactive whether {@code out} is a terminal
   */
  Progress(PrintStream out, boolean interactive) {
    this.out = out;
    this.interactive = interactive;
  }

  void begin(int allEpochs, int stepsOfEach) {
    epochs = allEpochs;
    steps = stepsOfEach;
    started = System.nanoTime();
  }

  void step(int epoch, int step, double loss, double accuracy) {
    long now = System.nanoTime();
    if (!interactive || now - told < BETWEEN_NANOS) {
      return;
    }
    told = now;
    double done = (double) (epoch * steps + step + 1) / (epochs * steps);
    out.printf(
        Locale.ROOT,
        "\repoch %d/%d  %3d %%  loss %.4f  accuracy %.4f  ETA %s \u001b[K",
        epoch + 1,
        epochs,
        100 * (step + 1) / steps,
        loss,
        accuracy,
        time((now - started) / 1e9 / done * (1 - done)));
    out.flush();
  }

  void epoch(int epoch, Training.Epoch means) {
    double seconds = (System.nanoTime() - started) / 1e9;
    out.printf(
        Locale.ROOT,
        "%sepoch %d/%d  loss %.4f  accuracy %.4f  test accuracy %.4f  %s elapsed, ETA %s%s%n",
        interactive ? "\r" : "",
        epoch + 1,
        epochs,
        means.loss(),
        means.accuracy(),
        means.testAccuracy(),
        time(seconds),
        time(seconds / (epoch + 1) * (epochs - epoch - 1)),
        interactive ? "\u001b[K" : "");
  }

  private static String time(double seconds) {
    long whole = Math.round(seconds);
    return "%d:%02d".formatted(whole / 60, whole % 60);
  }
}
