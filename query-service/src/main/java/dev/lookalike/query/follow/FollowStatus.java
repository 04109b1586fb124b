package dev.lookalike.query.follow;

import dev.lookalike.query.index.VectorIndex;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How one follower of the log stands. Its thread writes, any thread reads. Whoever waits for
 * progress is told of every step that may matter to them.
 */
public final class FollowStatus {
  private final Runnable changed;
  private volatile @Nullable VectorIndex index;
  private volatile boolean caughtUp;
  private volatile String problem = "the index is being opened";
  private volatile long lag;

  /**
   * @param changed called after a step, in the thread of the follower
   */
  public FollowStatus(Runnable changed) {
    this.changed = changed;
  }

  /** The index, while it is open. It may be closed while it is in use: then it says so. */
  public Optional<VectorIndex> index() {
    return Optional.ofNullable(index);
  }

  /**
   * Whether everything that the log held when the index was opened is in it. Stays true while the
   * broker is away.
   */
  public boolean caughtUp() {
    return caughtUp;
  }

  /** What keeps the index from following the log; empty: nothing. */
  public Optional<String> problem() {
    return problem.isEmpty() ? Optional.empty() : Optional.of(problem);
  }

  /** Records between the index and the end of the log, as the broker last told. */
  public long lag() {
    return lag;
  }

  /** The index is open, or another has taken its place. */
  public void opened(VectorIndex opened) {
    index = opened;
    changed.run();
  }

  /** The index is open no longer. */
  public void closed() {
    index = null;
    caughtUp = false;
  }

  /** More can be seen in the index than before. */
  void progressed() {
    changed.run();
  }

  /** The index has everything that the log held when it was opened. */
  void caughtUpNow() {
    caughtUp = true;
  }

  /** Nothing keeps the index from following. */
  public void works() {
    problem = "";
  }

  /**
   * Something keeps the index from following.
   *
   * @return whether that is news; else it is known already, and need not be logged again
   */
  public boolean fails(String what) {
    boolean news = !what.equals(problem);
    problem = what;
    return news;
  }

  /** Tells how far the index is behind. */
  public void lags(long records) {
    lag = records;
  }
}
