package dev.lookalike.cli.teach;

/** Successes among trials, with the 95 % confidence interval of Wilson (1927). */
record Proportion(int successes, int trials) {
  /** Two-sided 95 % quantile of the normal distribution. */
  private static final double Z = 1.959964;

  double value() {
    return trials == 0 ? 0 : (double) successes / trials;
  }

  double low() {
    return trials == 0 ? 0 : Math.max(0, centre() - margin());
  }

  double high() {
    return trials == 0 ? 1 : Math.min(1, centre() + margin());
  }

  private double centre() {
    return (value() + Z * Z / (2.0 * trials)) / (1 + Z * Z / trials);
  }

  private double margin() {
    double p = value();
    return Z
        * Math.sqrt(p * (1 - p) / trials + Z * Z / (4.0 * trials * trials))
        / (1 + Z * Z / trials);
  }
}
