package dev.lookalike.query.follow;

import java.time.Duration;

/**
 * Decides when what was applied is made visible and durable. Times are those of {@link
 * System#nanoTime}, and are passed in.
 */
final class Pace {
  /** A refresh takes at most about one part in this many, plus one, of the thread's time. */
  private static final int REFRESH_REST_FACTOR = 4;

  private static final Duration IDLE = Duration.ofMillis(500);

  private final Duration refreshInterval;
  private final int commitRecords;
  private final Duration commitInterval;
  private boolean unrefreshed = true;
  private long nextRefresh;
  private int uncommitted;
  private long lastCommit;

  /**
   * A refresh is due at once: what was applied earlier may not be visible yet.
   *
   * @param refreshInterval least time between two refreshes
   * @param commitRecords records after which a commit is due
   * @param commitInterval time after which a commit is due, if there is anything to commit
   */
  Pace(Duration refreshInterval, int commitRecords, Duration commitInterval, long now) {
    this.refreshInterval = refreshInterval;
    this.commitRecords = commitRecords;
    this.commitInterval = commitInterval;
    this.nextRefresh = now;
    this.lastCommit = now;
  }

  /**
   * Something was applied.
   *
   * @param records may be 0, if only the progress has moved; that counts as one
   */
  void applied(int records) {
    uncommitted += Math.max(1, records);
    unrefreshed = true;
  }

  boolean isRefreshDue(long now) {
    return unrefreshed && now - nextRefresh >= 0;
  }

  /**
   * A refresh has been made.
   *
   * @param complete whether no other refresh is needed for what was applied so far
   */
  void refreshed(long start, long end, boolean complete) {
    unrefreshed = !complete;
    nextRefresh =
        start + Math.max(refreshInterval.toNanos(), (end - start) * (1 + REFRESH_REST_FACTOR));
  }

  boolean isCommitDue(long now) {
    return uncommitted > 0
        && (uncommitted >= commitRecords || now - lastCommit >= commitInterval.toNanos());
  }

  /** A commit has been made. */
  void committed(long now) {
    uncommitted = 0;
    lastCommit = now;
  }

  /** How long to wait for records at most; there is nothing else to do until then. */
  Duration patience(long now) {
    return unrefreshed ? Duration.ofNanos(Math.max(0, nextRefresh - now)) : IDLE;
  }
}
