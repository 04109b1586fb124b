package dev.lookalike.query.index.lucene;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.lucene104.Lucene104Codec;
import org.apache.lucene.index.ConcurrentMergeScheduler;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.SegmentReader;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;

/**
 * An index of Lucene that is open in its directory: what it was made for fits, and its files are
 * whole.
 *
 * @param state of the last commit; empty before the first
 */
record LuceneDirectory(
    Directory directory,
    IndexWriter writer,
    SearcherManager searchers,
    Optional<IndexState> state) {
  private static final double WRITER_BUFFER_MIB = 16;

  /** Read through at a start, at about 1 GB a second. */
  private static final long MAX_VERIFIED_BYTES = 512L << 20;

  /** Clauses of a filter; "in" counts as one. */
  private static final int MAX_CLAUSES = 16_384;

  private static final KnnVectorsFormat VECTORS;

  static {
    // Where the class path has several loaders, Lucene looks only in its own.
    KnnVectorsFormat.reloadKnnVectorsFormat(LuceneDirectory.class.getClassLoader());
    VECTORS = KnnVectorsFormat.forName(new WideHnswFormat().getName());
    IndexSearcher.setMaxClauseCount(MAX_CLAUSES);
  }

  /**
   * Opens the index in a directory, or makes one.
   *
   * @throws CorruptIndexException if it is of another dimension, or damaged
   * @throws IOException if it cannot be used, see {@link LuceneFailures#isDamage}
   */
  static LuceneDirectory open(Path path, int dimension) throws IOException {
    Files.createDirectories(path);
    Directory opened = FSDirectory.open(path);
    IndexWriter writer = null;
    try {
      writer = new IndexWriter(opened, writerConfig());
      Optional<IndexState> state = IndexState.read(writer.getLiveCommitData());
      if (state.isPresent() && state.get().dimension() != dimension) {
        throw new CorruptIndexException(
            "made for " + state.get().dimension() + " dimensions, not " + dimension,
            path.toString());
      }
      SearcherManager searchers = new SearcherManager(writer, null);
      verify(searchers);
      return new LuceneDirectory(opened, writer, searchers, state);
    } catch (IOException | RuntimeException | Error e) {
      if (writer != null) {
        writer.rollback();
      }
      opened.close();
      throw e;
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
      if (bytes <= MAX_VERIFIED_BYTES) {
        for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
          leaf.reader().checkIntegrity();
        }
      }
    } finally {
      searchers.release(searcher);
    }
  }

  /** Lets go of everything, without a commit and without merging. */
  void close() throws IOException {
    try (Directory last = directory) {
      searchers.close();
      writer.rollback();
    }
  }

  /**
   * Moves an index that cannot be used to {@code <directory>.damaged}, in place of an earlier one.
   */
  static void moveAside(Path path) throws IOException {
    Path aside = path.resolveSibling(path.getFileName() + ".damaged");
    delete(aside);
    Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Deletes a directory that is not open; nothing if it is not there. */
  static void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> inside = Files.walk(path)) {
      for (Path each : inside.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
