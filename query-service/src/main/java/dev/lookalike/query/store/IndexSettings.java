package dev.lookalike.query.store;

import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.nio.file.Path;
import java.time.Duration;

/** Where the indexes are and how they follow the log: {@code lookalike.index.*}. */
public interface IndexSettings {
  /** Which engine holds the vectors. */
  enum Type {
    LUCENE,
    MILVUS
  }

  /** What this process does for the index. */
  enum Role {
    BOTH,
    SINK,
    SERVE
  }

  /** lucene: embedded, in a directory of this process; milvus: in a server that replicas share. */
  @WithDefault("lucene")
  Type type();

  /**
   * What this process does with an index in Milvus: sink keeps it true to the log (one process for
   * each installation), serve only answers (any number of processes), both does both. With lucene
   * each process keeps an index of its own: both.
   */
  @WithDefault("both")
  Role role();

  /** The index in Milvus. */
  MilvusSettings milvus();

  /** Directory of the indexes: one for each collection, and in it one for each build. */
  @WithDefault("data/index")
  Path directory();

  /**
   * Records applied between two commits, at most. After a crash so many are read again; a commit
   * costs a sync of the disk.
   */
  @WithDefault("5000")
  @Min(1)
  int commitRecords();

  /** Time between two commits, while there is something to commit. */
  @WithDefault("5s")
  Duration commitInterval();

  /**
   * Least time between two refreshes, which make applied records visible: a lone record becomes
   * visible at once, a stream of records this often. Each refresh makes a small segment that has to
   * be merged later.
   */
  @WithDefault("50ms")
  Duration refreshInterval();

  /** If at most so many images match the filter, all are compared instead of walking the graph. */
  @WithDefault("4096")
  @Min(0)
  @Max(10_000_000)
  int exactBelow();
}
