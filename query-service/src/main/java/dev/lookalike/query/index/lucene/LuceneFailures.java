package dev.lookalike.query.index.lucene;

import dev.lookalike.query.index.IndexException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.nio.file.NoSuchFileException;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.store.AlreadyClosedException;
import org.apache.lucene.store.LockObtainFailedException;

/** What an exception of Lucene means. */
final class LuceneFailures {
  private LuceneFailures() {}

  /**
   * As the index says it.
   *
   * @param what was being done
   */
  static IndexException failed(String what, Exception e) {
    if (e instanceof LockObtainFailedException) {
      return new IndexException(
          IndexException.Kind.UNAVAILABLE, "the index is in use by another process", e);
    }
    // The writer closes itself after a failure, and names it from then on.
    Throwable cause =
        e instanceof AlreadyClosedException && e.getCause() != null ? e.getCause() : e;
    return new IndexException(
        isDamage(cause) ? IndexException.Kind.CORRUPT : IndexException.Kind.UNAVAILABLE,
        "index: " + what + ": " + cause.getMessage(),
        e);
  }

  /** Whether this says that the data is bad, not that it cannot be reached. */
  static boolean isDamage(Throwable e) {
    return e instanceof CorruptIndexException
        || e instanceof IndexFormatTooOldException
        || e instanceof IndexFormatTooNewException
        || e instanceof EOFException
        || e instanceof FileNotFoundException
        || e instanceof NoSuchFileException
        // An unknown codec or vector format.
        || e instanceof IllegalArgumentException;
  }
}
