package dev.lookalike.intake;

/**
 * The memory that requests may take. Thread-safe; never blocks.
 *
 * <p>Invariant, under the monitor: {@code taken} is the sum over the open places; it is at most
 * {@code most}, or there is one place only.
 */
final class Intake {
  /** What a byte from outside costs: itself, and what is made of it. */
  static final int COST = 2;

  private final long most;
  private long taken;
  private int places;

  Intake(long most) {
    this.most = most;
  }

  /** What one request holds; empty at first. Closing it twice does nothing. */
  final class Place implements AutoCloseable {
    private long held;
    private boolean closed;

    /**
     * Makes it hold what so many bytes cost.
     *
     * @return false when there is no room; then it holds what it held
     */
    boolean cover(long bytes) {
      synchronized (Intake.this) {
        long wanted = bytes * COST;
        if (wanted <= held) {
          return true;
        }
        boolean alone = places == (held == 0 ? 0 : 1);
        if (closed || (!alone && taken + wanted - held > most)) {
          return false;
        }
        if (held == 0) {
          places++;
        }
        taken += wanted - held;
        held = wanted;
        return true;
      }
    }

    @Override
    public void close() {
      synchronized (Intake.this) {
        if (!closed && held > 0) {
          places--;
          taken -= held;
          held = 0;
        }
        closed = true;
      }
    }
  }

  Place place() {
    return new Place();
  }

  synchronized long taken() {
    return taken;
  }
}
