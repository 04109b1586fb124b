package dev.lookalike.cli.home;

import java.util.EnumMap;
import java.util.Map;

/** The port of each listener of one machine, all on loopback. */
public record Ports(Map<Listener, Integer> numbers) {

  /**
   * The listeners; the default ports are {@value #DEFAULT_BASE} plus the offset (docs/contracts.md,
   * Addresses).
   */
  public enum Listener {
    INGEST(1),
    EMBED(2),
    QUERY(3),
    INGEST_GRPC(11),
    EMBED_GRPC(12),
    QUERY_GRPC(13),
    BROKER(90),
    CONTROLLER(91);

    private final int offset;

    Listener(int offset) {
      this.offset = offset;
    }

    /** Lower case with hyphens, as in options. */
    public String text() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  public static final int DEFAULT_BASE = 8700;

  public Ports {
    numbers = Map.copyOf(numbers);
    for (Listener listener : Listener.values()) {
      Integer port = numbers.get(listener);
      if (port == null || port < 1 || port > 65_535) {
        throw new IllegalArgumentException(
            "a port must be between 1 and 65535: " + listener.text());
      }
    }
    if (numbers.values().stream().distinct().count() < Listener.values().length) {
      throw new IllegalArgumentException("two listeners use the same port: " + numbers);
    }
  }

  /** Each listener at the base plus its offset, except for the given ports. */
  public static Ports of(int base, Map<Listener, Integer> others) {
    Map<Listener, Integer> numbers = new EnumMap<>(Listener.class);
    for (Listener listener : Listener.values()) {
      Integer other = others.get(listener);
      numbers.put(listener, other == null ? base + listener.offset : other);
    }
    return new Ports(numbers);
  }

  public int of(Listener listener) {
    Integer port = numbers.get(listener);
    if (port == null) {
      throw new IllegalStateException("no port for " + listener);
    }
    return port;
  }

  /** {@code 127.0.0.1:port}. */
  public String address(Listener listener) {
    return "127.0.0.1:" + of(listener);
  }
}
