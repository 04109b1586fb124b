package dev.lookalike.intake;

import java.util.function.Supplier;

/** The service that takes the requests in: what it says and counts in words of its own. */
public interface IntakeOwner {
  /** What is said where there is no room. */
  String full();

  /** What is said where a message paused or took too long. */
  String slow();

  /** Makes a metric of the bytes that requests hold; asked at each scrape. Called once. */
  void watch(Supplier<Number> bytes);
}
