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
import dev.lookalike.query.index.State;
import dev.lookalike.query.index.VectorIndex;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.stream.Stream;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.index.ConcurrentMergeScheduler;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.KnnVectorValues.DocIndexIterator;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.SegmentReader;
import org.apache.lucene.index.SortedDocValues;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.FieldDoc;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.KnnFloatVectorQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.TopDocs;
import org.apache.lucene.search.Weight;
import org.apache.lucene.search.knn.KnnSearchStrategy;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.store.LockObtainFailedException;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.VectorUtil;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * An index in a directory of its own. One writer: a second process that opens the directory is
 * refused.
 *
 * <p>Concurrency: what writes holds the monitor. {@code unseen} holds the records applied since the
 * last refresh, because the searcher does not see them yet; together with the searcher it is the
 * present state. {@code applied} is the progress of the last apply, {@code visible} that of the
 * last refresh.
 */
public final class LuceneIndex implements VectorIndex {
  private static final Logger LOG = Logger.getLogger(LuceneIndex.class);

  /**
   * Candidates of an approximate search: recall@10 on 8,906 real vectors was .9795 with 10, .9990
   * with 50, .9998 with 100.
   */
  private static final int MIN_CANDIDATES = 100;

  private static final int CANDIDATES_PER_K = 5;

  /** Records kept in memory until the next refresh; at 1,280 dimensions 5 KiB each. */
  private static final int MAX_UNSEEN = 1024;

  private static final double WRITER_BUFFER_MIB = 16;

  /** Read through at a start, at about 1 GB a second. */
  private static final long MAX_VERIFIED_BYTES = 512L << 20;

  /** Clauses of a filter; "in" counts as one. */
  private static final int MAX_CLAUSES = 16_384;

  private static final KnnVectorsFormat VECTORS;

  static {
    // Where the class path has several loaders, Lucene looks only in its own.
    KnnVectorsFormat.reloadKnnVectorsFormat(LuceneIndex.class.getClassLoader());
    VECTORS = KnnVectorsFormat.forName(new WideHnswFormat().getName());
    IndexSearcher.setMaxClauseCount(MAX_CLAUSES);
  }

  private final int dimension;
  private final int exactBelow;
  private final Directory directory;
  private final IndexWriter writer;
  private final SearcherManager searchers;
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
        if (!isDamage(e)) {
          throw e;
        }
        LOG.errorf("the index in %s cannot be used and is built anew from the log: %s", path, e);
      }
      moveAside(path);
      return new LuceneIndex(path, dimension, exactBelow);
    } catch (IOException e) {
      throw failed("open " + path, e);
    }
  }

  private LuceneIndex(Path path, int dimension, int exactBelow) throws IOException {
    this.dimension = dimension;
    this.exactBelow = exactBelow;
    Files.createDirectories(path);
    Directory opened = FSDirectory.open(path);
    IndexWriter made = null;
    try {
      made = new IndexWriter(opened, writerConfig());
      Optional<IndexState> state = IndexState.read(made.getLiveCommitData());
      if (state.isPresent() && state.get().dimension() != dimension) {
        throw new CorruptIndexException(
            "made for " + state.get().dimension() + " dimensions, not " + dimension,
            path.toString());
      }
      this.applied = state.map(IndexState::progress).orElse(Progress.NONE);
      this.visible = applied;
      this.searchers = new SearcherManager(made, null);
      verify(searchers);
      this.writer = made;
      this.directory = opened;
    } catch (IOException | RuntimeException | Error e) {
      if (made != null) {
        made.rollback();
      }
      opened.close();
      throw e;
    }
  }

  /** Compares all checksums, unless there is too much to read at a start; merges do it later. */
  private static void verify(SearcherManager searchers) throws IOException {
    IndexSearcher searcher = searchers.acquire();
    try {
      long bytes = 0;
      for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
        if (leaf.reader() instanceof SegmentReader segment) {
          bytes += segment.getSegmentInfo().sizeInBytes();
        }
      }
      for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
        if (bytes <= MAX_VERIFIED_BYTES) {
          leaf.reader().checkIntegrity();
        }
      }
    } finally {
      searchers.release(searcher);
    }
  }

  private static IndexWriterConfig writerConfig() {
    ConcurrentMergeScheduler merges = new ConcurrentMergeScheduler();
    merges.setMaxMergesAndThreads(6, 1);
    return new IndexWriterConfig(null)
        .setCodec(
            new Lucene104Codec() {
              @Override
              public KnnVectorsFormat getKnnVectorsFormatForField(String field) {
                return VECTORS;
              }
            })
        .setRAMBufferSizeMB(WRITER_BUFFER_MIB)
        .setMergeScheduler(merges)
        .setCommitOnClose(false);
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public synchronized void apply(List<Change> changes, Progress progress) {
    try {
      Map<String, FoldedImage> changed = new HashMap<>();
      IndexSearcher searcher = searchers.acquire();
      try {
        for (Change change : changes) {
          check(change);
          Optional<FoldedImage> current = Optional.ofNullable(changed.get(change.imageId()));
          if (current.isEmpty()) {
            current = Optional.ofNullable(unseen.get(change.imageId()));
          }
          if (current.isEmpty()) {
            current = read(searcher, change.imageId(), true);
          }
          Fold.apply(current, change).ifPresent(record -> changed.put(record.imageId(), record));
        }
      } finally {
        searchers.release(searcher);
      }
      for (FoldedImage record : changed.values()) {
        writer.updateDocument(
            new Term(LuceneFields.ID, record.imageId()), LuceneFields.document(record));
        unseen.put(record.imageId(), record);
      }
      dirty |= !changed.isEmpty() || !progress.equals(applied);
      applied = progress;
      if (unseen.size() > MAX_UNSEEN) {
        refresh();
      }
    } catch (IOException | AlreadyClosedException e) {
      throw failed("apply", e);
    }
  }

  private void check(Change change) {
    if (change instanceof Change.Outcome outcome && outcome.event().hasEmbedded()) {
      int length = outcome.embedding().map(vector -> vector.length).orElse(0);
      if (length != dimension) {
        throw new IllegalArgumentException(
            "embedding of " + length + " dimensions in an index of " + dimension);
      }
    }
  }

  @Override
  public synchronized boolean refresh() {
    try {
      searchers.maybeRefreshBlocking();
      unseen.clear();
      visible = applied;
      return true;
    } catch (IOException | AlreadyClosedException e) {
      throw failed("refresh", e);
    }
  }

  @Override
  public synchronized void commit() {
    try {
      if (dirty) {
        writer.setLiveCommitData(new IndexState(dimension, applied).write().entrySet());
        writer.commit();
        dirty = false;
      }
    } catch (IOException | AlreadyClosedException e) {
      throw failed("commit", e);
    }
  }

  @Override
  public Progress progress() {
    return visible;
  }

  @Override
  public List<Neighbour> nearest(Nearest query) {
    if (query.vector().length != dimension) {
      throw new IllegalArgumentException(
          "vector of " + query.vector().length + " dimensions in an index of " + dimension);
    }
    return withSearcher(
        searcher -> {
          Query admitted = admitted(query.filter());
          List<Candidate> found;
          if (query.exact() || query.after().isPresent()) {
            found = scan(searcher, admitted, query);
          } else {
            int images = searcher.count(admitted);
            if (images <= exactBelow) {
              found = scan(searcher, admitted, query);
            } else {
              found = walk(searcher, admitted, query);
              // A graph whose admitted part falls apart may not lead to all of it.
              if (found.size() < Math.min(query.k(), images)) {
                found = scan(searcher, admitted, query);
              }
            }
          }
          List<Neighbour> neighbours = new ArrayList<>();
          for (Candidate candidate : found) {
            neighbours.add(
                new Neighbour(
                    entry(searcher, candidate.document(), candidate.id(), query.embeddings()),
                    candidate.similarity()));
          }
          return neighbours;
        });
  }

  @Override
  public List<Entry> get(Collection<String> imageIds, boolean embeddings) {
    return withSearcher(
        searcher -> {
          List<Entry> entries = new ArrayList<>();
          for (String id : imageIds) {
            read(searcher, id, embeddings).flatMap(FoldedImage::entry).ifPresent(entries::add);
          }
          return entries;
        });
  }

  @Override
  public List<Entry> list(Listing query) {
    return withSearcher(
        searcher -> {
          Query wanted =
              new BooleanQuery.Builder()
                  .add(
                      new TermInSetQuery(
                          LuceneFields.STATE,
                          query.states().stream()
                              .map(state -> new BytesRef(LuceneFields.letter(state)))
                              .toList()),
                      Occur.FILTER)
                  .add(FilterQueries.of(query.filter()), Occur.FILTER)
                  .build();
          Sort byId = new Sort(new SortField(LuceneFields.ID, SortField.Type.STRING));
          int last = searcher.getIndexReader().maxDoc() - 1;
          if (last < 0) {
            return List.of();
          }
          TopDocs page =
              query.after().isPresent()
                  ? searcher.searchAfter(
                      new FieldDoc(last, 0, new Object[] {new BytesRef(query.after().get())}),
                      wanted,
                      query.limit(),
                      byId)
                  : searcher.search(wanted, query.limit(), byId);
          List<Entry> entries = new ArrayList<>();
          for (ScoreDoc hit : page.scoreDocs) {
            String id = ((BytesRef) ((FieldDoc) hit).fields[0]).utf8ToString();
            entries.add(entry(searcher, hit.doc, id, query.embeddings()));
          }
          return entries;
        });
  }

  @Override
  public long count(Filter filter) {
    return withSearcher(searcher -> (long) searcher.count(admitted(filter)));
  }

  @Override
  public Counts counts() {
    return withSearcher(
        searcher ->
            new Counts(
                searcher.count(inState(State.SEARCHABLE)),
                searcher.count(inState(State.REJECTED)),
                searcher.count(inState(State.DELETED))));
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (Directory last = directory) {
      try {
        commit();
      } catch (IndexException e) {
        LOG.warnf("%s is closed without its last changes: %s", last, e.getMessage());
      }
      searchers.close();
      // Without merging and without a further commit.
      writer.rollback();
    } catch (IOException e) {
      throw failed("close", e);
    }
  }

  private static Query inState(State state) {
    return new TermQuery(new Term(LuceneFields.STATE, LuceneFields.letter(state)));
  }

  private static Query admitted(Filter filter) {
    if (filter.equals(Filter.ALL)) {
      return inState(State.SEARCHABLE);
    }
    return new BooleanQuery.Builder()
        .add(inState(State.SEARCHABLE), Occur.FILTER)
        .add(FilterQueries.of(filter), Occur.FILTER)
        .build();
  }

  private record Candidate(int document, String id, float similarity) {
    static final Comparator<Candidate> BEST_FIRST =
        Comparator.comparing(Candidate::similarity).reversed().thenComparing(Candidate::id);
  }

  /** Along the graph; then the candidates are compared exactly. */
  private static List<Candidate> walk(IndexSearcher searcher, Query admitted, Nearest query)
      throws IOException {
    int candidates =
        (int) Math.max(MIN_CANDIDATES, Math.min((long) CANDIDATES_PER_K * query.k(), 1 << 20));
    TopDocs top =
        searcher.search(
            new KnnFloatVectorQuery(
                LuceneFields.VECTOR,
                query.vector(),
                candidates,
                query.filter().equals(Filter.ALL) ? null : admitted,
                // Never skip nodes that the filter does not admit: recall before speed.
                new KnnSearchStrategy.Hnsw(0)),
            candidates);
    Places places = new Places(searcher);
    List<Candidate> found = new ArrayList<>();
    for (ScoreDoc hit : top.scoreDocs) {
      float[] vector = places.vector(hit.doc).orElseThrow();
      found.add(new Candidate(hit.doc, places.id(hit.doc), similarity(query.vector(), vector)));
    }
    found.sort(Candidate.BEST_FIRST);
    return found.subList(0, Math.min(query.k(), found.size()));
  }

  /** Compares every admitted image. */
  private static List<Candidate> scan(IndexSearcher searcher, Query admitted, Nearest query)
      throws IOException {
    PriorityQueue<Candidate> best = new PriorityQueue<>(Candidate.BEST_FIRST.reversed());
    Weight weight =
        searcher.createWeight(searcher.rewrite(admitted), ScoreMode.COMPLETE_NO_SCORES, 1);
    for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
      Scorer scorer = weight.scorer(leaf);
      FloatVectorValues vectors = leaf.reader().getFloatVectorValues(LuceneFields.VECTOR);
      if (scorer == null || vectors == null) {
        continue;
      }
      SortedDocValues ids = leaf.reader().getSortedDocValues(LuceneFields.ID);
      Bits live = leaf.reader().getLiveDocs();
      DocIndexIterator places = vectors.iterator();
      DocIdSetIterator documents = scorer.iterator();
      for (int document = documents.nextDoc();
          document != DocIdSetIterator.NO_MORE_DOCS;
          document = documents.nextDoc()) {
        if ((live != null && !live.get(document))
            || (places.docID() < document && places.advance(document) != document)
            || places.docID() != document) {
          continue;
        }
        float similarity = similarity(query.vector(), vectors.vectorValue(places.index()));
        Candidate worst = best.peek();
        if (best.size() == query.k() && worst != null && similarity < worst.similarity()) {
          continue;
        }
        Nearest.@Nullable Place after = query.after().orElse(null);
        if (after != null && similarity > after.similarity()) {
          continue;
        }
        ids.advanceExact(document);
        String id = ids.lookupOrd(ids.ordValue()).utf8ToString();
        if (after == null || after.isBefore(similarity, id)) {
          best.add(new Candidate(leaf.docBase + document, id, similarity));
          if (best.size() > query.k()) {
            best.remove();
          }
        }
      }
    }
    List<Candidate> found = new ArrayList<>(best);
    found.sort(Candidate.BEST_FIRST);
    return found;
  }

  /** Cosine of two unit vectors; rounding is kept out of what lies beyond the ends. */
  private static float similarity(float[] one, float[] other) {
    return Math.clamp(VectorUtil.dotProduct(one, other), -1f, 1f);
  }

  private Optional<FoldedImage> read(IndexSearcher searcher, String id, boolean embedding)
      throws IOException {
    BytesRef term = new BytesRef(id);
    for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
      Terms terms = leaf.reader().terms(LuceneFields.ID);
      if (terms == null) {
        continue;
      }
      TermsEnum places = terms.iterator();
      if (!places.seekExact(term)) {
        continue;
      }
      Bits live = leaf.reader().getLiveDocs();
      PostingsEnum postings = places.postings(null, PostingsEnum.NONE);
      for (int document = postings.nextDoc();
          document != DocIdSetIterator.NO_MORE_DOCS;
          document = postings.nextDoc()) {
        if (live == null || live.get(document)) {
          return Optional.of(record(searcher, leaf.docBase + document, id, embedding));
        }
      }
    }
    return Optional.empty();
  }

  private static FoldedImage record(
      IndexSearcher searcher, int document, String id, boolean embedding) throws IOException {
    return LuceneFields.record(
        id,
        searcher.storedFields().document(document, LuceneFields.STORED),
        embedding ? new Places(searcher).vector(document) : Optional.empty());
  }

  private static Entry entry(IndexSearcher searcher, int document, String id, boolean embedding)
      throws IOException {
    return record(searcher, document, id, embedding)
        .entry()
        .orElseThrow(
            () -> new CorruptIndexException("record of " + id + " has no outcome", "document"));
  }

  /** Reads ids and vectors of documents of a searcher, in any order. */
  private record Places(IndexSearcher searcher) {
    private LeafReaderContext leaf(int document) {
      List<LeafReaderContext> leaves = searcher.getIndexReader().leaves();
      return leaves.get(ReaderUtil.subIndex(document, leaves));
    }

    Optional<float[]> vector(int document) throws IOException {
      LeafReaderContext leaf = leaf(document);
      FloatVectorValues vectors = leaf.reader().getFloatVectorValues(LuceneFields.VECTOR);
      if (vectors == null) {
        return Optional.empty();
      }
      DocIndexIterator places = vectors.iterator();
      int local = document - leaf.docBase;
      return places.advance(local) == local
          ? Optional.of(vectors.vectorValue(places.index()).clone())
          : Optional.empty();
    }

    String id(int document) throws IOException {
      LeafReaderContext leaf = leaf(document);
      SortedDocValues ids = leaf.reader().getSortedDocValues(LuceneFields.ID);
      if (ids == null || !ids.advanceExact(document - leaf.docBase)) {
        throw new CorruptIndexException("a document has no image id", "document " + document);
      }
      return ids.lookupOrd(ids.ordValue()).utf8ToString();
    }
  }

  @FunctionalInterface
  private interface Read<T> {
    T from(IndexSearcher searcher) throws IOException;
  }

  private <T> T withSearcher(Read<T> read) {
    try {
      IndexSearcher searcher = searchers.acquire();
      try {
        return read.from(searcher);
      } finally {
        searchers.release(searcher);
      }
    } catch (IOException | AlreadyClosedException | UncheckedIOException e) {
      throw failed("read", e);
    }
  }

  private static IndexException failed(String what, Exception e) {
    Throwable cause = e;
    if (e instanceof AlreadyClosedException && e.getCause() != null) {
      // The writer closed itself for this reason.
      cause = e.getCause();
    }
    if (e instanceof LockObtainFailedException) {
      return new IndexException(
          IndexException.Kind.UNAVAILABLE, "the index is in use by another process", e);
    }
    return new IndexException(
        isDamage(cause) ? IndexException.Kind.CORRUPT : IndexException.Kind.UNAVAILABLE,
        "index: " + what + ": " + cause.getMessage(),
        e);
  }

  /** Whether this says that the data is bad, not that it cannot be reached. */
  private static boolean isDamage(Throwable e) {
    return e instanceof CorruptIndexException
        || e instanceof IndexFormatTooOldException
        || e instanceof IndexFormatTooNewException
        || e instanceof EOFException
        || e instanceof FileNotFoundException
        || e instanceof NoSuchFileException
        // An unknown codec or vector format.
        || e instanceof IllegalArgumentException;
  }

  private static void moveAside(Path path) throws IOException {
    Path aside = path.resolveSibling(path.getFileName() + ".damaged");
    delete(aside);
    Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Deletes the index in a directory, which must not be open. */
  public static void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> inside = Files.walk(path)) {
      for (Path each : inside.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  /** For tests: lets go without a commit, as a crash would. */
  synchronized void abandon() {
    closed = true;
    try (Directory last = directory) {
      searchers.close();
      writer.rollback();
    } catch (IOException e) {
      throw failed("abandon", e);
    }
  }

  /** For tests: the number of parts that the index consists of. */
  int segments() {
    return withSearcher(searcher -> searcher.getIndexReader().leaves().size());
  }
}
