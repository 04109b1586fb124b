package dev.lookalike.ingest.collections;

import io.quarkus.runtime.configuration.MemorySize;
import java.math.BigInteger;
import java.time.Duration;

/** The documented defaults, without a wait. */
final class FakeSettings implements CollectionSettings {
  @Override
  public int partitions() {
    return 4;
  }

  @Override
  public boolean keepOriginals() {
    return false;
  }

  @Override
  public int shortSide() {
    return 512;
  }

  @Override
  public int longSide() {
    return 4096;
  }

  @Override
  public int jpegQuality() {
    return 90;
  }

  @Override
  public MemorySize maxBytes() {
    return new MemorySize(BigInteger.valueOf(1 << 20));
  }

  @Override
  public Duration bindWait() {
    return Duration.ZERO;
  }
}
