package dev.lookalike.cli.teach;

/**
 * Successes among trials, with the interval of Wilson (1927) that holds the truth in 95 % of cases.
 */
record Proportion(int successes, int trials) {
  /** Of the normal distribution, two-sided. */
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
