package dev.lookalike.query.index.milvus;

import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Counts;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Listing;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Neighbour;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * An index in a collection of Milvus. {@link RowWriter} writes, {@link NeighbourSearch} and {@link
 * EntryQueries} read; here is how far it has come. What a server acknowledges is durable; so the
 * progress, a row of the same collection, is written after what it speaks of.
 *
 * <p>Concurrency: what writes holds the monitor.
 */
public final class MilvusIndex implements VectorIndex {
  private static final Logger LOG = Logger.getLogger(MilvusIndex.class);

  /** Between two writes of the progress, while more is being applied. */
  private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(500);

  private final MilvusServer server;
  private final String name;
  private final Layout layout;
  private final boolean writes;
  private final String tenantAttribute;
  private final Freshness freshness = new Freshness(System::nanoTime);
  private final RowWriter writer;
  private final NeighbourSearch search;
  private final EntryQueries entries;

  /** Of the last apply; written with the next commit if {@code dirty}. */
  private Progress applied;

  private boolean dirty;
  private long committed = System.nanoTime() - PROGRESS_INTERVAL.toNanos();
  private volatile Progress visible;
  private volatile boolean closed;

  /**
   * @param name of the Milvus collection, which is there and loaded
   * @param writes false: another process writes
   */
  MilvusIndex(MilvusServer server, String name, Layout layout, boolean writes) {
    this.server = server;
    this.name = name;
    this.layout = layout;
    this.writes = writes;
    this.tenantAttribute = server.findsByPartitionKey() ? layout.tenantAttribute() : "";
    RowReader reader = new RowReader(server, name, layout, freshness, this::checkOpen);
    OneByOne oneByOne = new OneByOne(reader, server.options().maxScanned());
    this.writer = new RowWriter(server, name, layout, freshness, reader);
    this.search = new NeighbourSearch(reader, oneByOne);
    this.entries = new EntryQueries(reader, oneByOne);
    this.applied = OwnRows.progress(server, name);
    this.visible = applied;
  }

  /** Of the Milvus collection. */
  public String name() {
    return name;
  }

  Layout layout() {
    return layout;
  }

  @Override
  public int dimension() {
    return layout.dimension();
  }

  private void checkOpen() {
    if (closed) {
      throw new IndexException(IndexException.Kind.UNAVAILABLE, "the index is closed");
    }
  }

  @Override
  public synchronized void apply(List<Change> changes, Progress progress) {
    checkOpen();
    if (!writes) {
      throw new IllegalStateException("another process writes");
    }
    writer.apply(changes);
    dirty |= !progress.equals(applied);
    applied = progress;
  }

  @Override
  public synchronized boolean refresh() {
    checkOpen();
    if (!writes) {
      Progress read = OwnRows.progress(server, name);
      if (!read.equals(visible)) {
        freshness.changed();
        visible = read;
      }
      return true;
    }
    // What was applied is durable already. Other processes learn of it by the progress.
    if (System.nanoTime() - committed > PROGRESS_INTERVAL.toNanos()) {
      commit();
    }
    visible = applied;
    return !dirty;
  }

  /** Writes the progress. */
  @Override
  public synchronized void commit() {
    checkOpen();
    if (dirty) {
      writer.write(applied);
      dirty = false;
      committed = System.nanoTime();
    }
  }

  @Override
  public Progress progress() {
    return visible;
  }

  private Expression asked(Filter filter) {
    return Expression.of(filter, tenantAttribute);
  }

  @Override
  public List<Neighbour> nearest(Nearest query) {
    query.requireDimension(layout.dimension());
    checkOpen();
    return search.nearest(query, asked(query.filter()));
  }

  /** For tests: searches along the graph that were not enough, and were done again. */
  long widened() {
    return search.widened();
  }

  @Override
  public List<Entry> get(Collection<String> imageIds, boolean embeddings) {
    checkOpen();
    return entries.get(imageIds, embeddings);
  }

  @Override
  public List<Entry> list(Listing query) {
    checkOpen();
    return entries.list(query, asked(query.filter()));
  }

  @Override
  public long count(Filter filter) {
    checkOpen();
    return entries.count(filter, asked(filter));
  }

  @Override
  public Counts counts() {
    checkOpen();
    return entries.counts();
  }

  /** Writes the last progress; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    try {
      if (writes) {
        commit();
      }
    } catch (IndexException e) {
      LOG.warnf("%s is closed without its last progress: %s", name, e.getMessage());
    } finally {
      closed = true;
    }
  }

  /** For tests: lets go as a crash would. */
  synchronized void abandon() {
    closed = true;
  }
}
