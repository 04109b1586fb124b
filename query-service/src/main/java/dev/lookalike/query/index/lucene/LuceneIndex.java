package dev.lookalike.query.index.lucene;

import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Counts;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.Fold;
import dev.lookalike.query.index.FoldedImage;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Listing;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Neighbour;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.store.AlreadyClosedException;
import org.jboss.logging.Logger;

/**
 * An index in a directory of its own. {@link LuceneDirectory} opens it, {@link LuceneSearch} reads
 * it; here is what writes. One writer: a second process that opens the directory is refused.
 *
 * <p>Concurrency: what writes holds the monitor. {@code unseen} holds the records applied since the
 * last refresh, because the searcher does not see them yet; together with the searcher it is the
 * present state. {@code applied} is the progress of the last apply, {@code visible} that of the
 * last refresh.
 */
public final class LuceneIndex implements VectorIndex {
  private static final Logger LOG = Logger.getLogger(LuceneIndex.class);

  /** Records kept in memory until the next refresh; at 1,280 dimensions 5 KiB each. */
  private static final int MAX_UNSEEN = 1024;

  private final Path path;
  private final int dimension;
  private final int exactBelow;
  private final LuceneDirectory lucene;
  private final Map<String, FoldedImage> unseen = new HashMap<>();
  private Progress applied;
  private boolean dirty;
  private boolean closed;
  private volatile Progress visible;

  /**
   * Opens the index in a directory, or makes one. What cannot be trusted (damaged, of another
   * format or dimension) is moved aside, to {@code <directory>.damaged}, and an empty index with
   * {@link Progress#NONE} takes its place, to be filled from the log.
   *
   * @param dimension 1 to 4,096
   * @param exactBelow with at most so many images to compare, all are compared, because walking the
   *     graph costs as much
   * @throws IndexException if the directory cannot be used, or is in use
   */
  public static LuceneIndex open(Path path, int dimension, int exactBelow) {
    if (dimension < 1 || dimension > WideHnswFormat.MAX_DIMENSION) {
      throw new IllegalArgumentException("dimension " + dimension);
    }
    try {
      try {
        return new LuceneIndex(path, dimension, exactBelow);
      } catch (IOException | IllegalArgumentException e) {
        if (!LuceneFailures.isDamage(e)) {
          throw e;
        }
        LOG.errorf("the index in %s cannot be used and is rebuilt from the log: %s", path, e);
      }
      LuceneDirectory.moveAside(path);
      return new LuceneIndex(path, dimension, exactBelow);
    } catch (IOException e) {
      throw LuceneFailures.failed("open " + path, e);
    }
  }

  private LuceneIndex(Path path, int dimension, int exactBelow) throws IOException {
    this.path = path;
    this.dimension = dimension;
    this.exactBelow = exactBelow;
    this.lucene = LuceneDirectory.open(path, dimension);
    this.applied = lucene.state().map(IndexState::progress).orElse(Progress.NONE);
    this.visible = applied;
  }

  /** Deletes the index in a directory, which must not be open; nothing if it is not there. */
  public static void delete(Path path) throws IOException {
    LuceneDirectory.delete(path);
  }

  /** The directory that it is in. */
  public Path path() {
    return path;
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public synchronized void apply(List<Change> changes, Progress progress) {
    changes.forEach(change -> change.requireDimension(dimension));
    try {
      for (FoldedImage image : fold(changes).values()) {
        lucene
            .writer()
            .updateDocument(
                new Term(LuceneFields.ID, image.imageId()), LuceneFields.document(image));
        unseen.put(image.imageId(), image);
        dirty = true;
      }
      dirty |= !progress.equals(applied);
      applied = progress;
      if (unseen.size() > MAX_UNSEEN) {
        refresh();
      }
    } catch (IOException | AlreadyClosedException e) {
      throw LuceneFailures.failed("apply", e);
    }
  }

  /** The images that the changes change, as they are after them. */
  private Map<String, FoldedImage> fold(List<Change> changes) throws IOException {
    Map<String, FoldedImage> folded = new HashMap<>();
    IndexSearcher searcher = lucene.searchers().acquire();
    try {
      LuceneRecords seen = new LuceneRecords(searcher);
      for (Change change : changes) {
        Optional<FoldedImage> current = Optional.ofNullable(folded.get(change.imageId()));
        if (current.isEmpty()) {
          current = Optional.ofNullable(unseen.get(change.imageId()));
        }
        if (current.isEmpty()) {
          current = seen.find(change.imageId(), true);
        }
        Fold.apply(current, change).ifPresent(image -> folded.put(image.imageId(), image));
      }
    } finally {
      lucene.searchers().release(searcher);
    }
    return folded;
  }

  @Override
  public synchronized boolean refresh() {
    try {
      lucene.searchers().maybeRefreshBlocking();
      unseen.clear();
      visible = applied;
      return true;
    } catch (IOException | AlreadyClosedException e) {
      throw LuceneFailures.failed("refresh", e);
    }
  }

  @Override
  public synchronized void commit() {
    if (closed) {
      throw new IndexException(IndexException.Kind.UNAVAILABLE, "the index is closed");
    }
    try {
      if (dirty) {
        lucene.writer().setLiveCommitData(new IndexState(dimension, applied).write().entrySet());
        lucene.writer().commit();
        dirty = false;
      }
    } catch (IOException | AlreadyClosedException e) {
      throw LuceneFailures.failed("commit", e);
    }
  }

  @Override
  public Progress progress() {
    return visible;
  }

  @Override
  public List<Neighbour> nearest(Nearest query) {
    query.requireDimension(dimension);
    return read(search -> search.nearest(query));
  }

  @Override
  public List<Entry> get(Collection<String> imageIds, boolean embeddings) {
    return read(search -> search.get(imageIds, embeddings));
  }

  @Override
  public List<Entry> list(Listing query) {
    return read(search -> search.list(query));
  }

  @Override
  public long count(Filter filter) {
    return read(search -> search.count(filter));
  }

  @Override
  public Counts counts() {
    return read(LuceneSearch::counts);
  }

  @FunctionalInterface
  private interface Read<T> {
    T from(LuceneSearch search) throws IOException;
  }

  private <T> T read(Read<T> read) {
    try {
      IndexSearcher searcher = lucene.searchers().acquire();
      try {
        return read.from(new LuceneSearch(searcher, exactBelow));
      } finally {
        lucene.searchers().release(searcher);
      }
    } catch (IOException | AlreadyClosedException | UncheckedIOException e) {
      throw LuceneFailures.failed("read", e);
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    try {
      commit();
    } catch (IndexException e) {
      LOG.warnf("%s is closed without its last changes: %s", path, e.getMessage());
    }
    letGo("close");
  }

  /** For tests: lets go without a commit, as a crash would. */
  synchronized void abandon() {
    letGo("abandon");
  }

  private void letGo(String what) {
    closed = true;
    try {
      lucene.close();
    } catch (IOException e) {
      throw LuceneFailures.failed(what, e);
    }
  }

  /** For tests: the number of parts that the index consists of. */
  int segments() {
    return read(search -> search.searcher().getIndexReader().leaves().size());
  }
}
