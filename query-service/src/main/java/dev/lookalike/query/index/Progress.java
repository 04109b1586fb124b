package dev.lookalike.query.index;

import java.util.Map;

/**
 * How far an index has come.
 *
 * @param positions by partition read: the offset of the next record to read
 * @param applied by partition of the images topic: the largest offset there whose outcome was
 *     applied, plus one; absent while there is none
 */
public record Progress(Map<LogPartition, Long> positions, Map<Integer, Long> applied) {
  /** Nothing was read yet. */
  public static final Progress NONE = new Progress(Map.of(), Map.of());

  public Progress {
    positions = Map.copyOf(positions);
    applied = Map.copyOf(applied);
  }

  /** Offset in the images topic below which every record of the partition has its outcome here. */
  public long applied(int partition) {
    return applied.getOrDefault(partition, 0L);
  }

  /**
   * The number of records between here and the ends of the log, markers of transactions included.
   *
   * @param ends by partition: the offset of the next record to be written
   */
  public long behind(Map<LogPartition, Long> ends) {
    long behind = 0;
    for (Map.Entry<LogPartition, Long> end : ends.entrySet()) {
      behind += Math.max(0, end.getValue() - positions.getOrDefault(end.getKey(), 0L));
    }
    return behind;
  }
}
