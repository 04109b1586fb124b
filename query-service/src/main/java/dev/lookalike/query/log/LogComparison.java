package dev.lookalike.query.log;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.catalog.ProgressSignal;
import dev.lookalike.query.compare.Comparison;
import dev.lookalike.query.compare.IndexComparison;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.index.lucene.LuceneIndex;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.store.IndexSettings;
import dev.lookalike.query.store.IndexSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Compares an index with the log, entry by entry. Reads the log once more, from its first record,
 * into a temporary Lucene index, which goes on following; so both can be compared after they have
 * read the same. Needs the disk of one more index, and no memory that grows with it.
 */
public final class LogComparison {
  private static final Logger LOG = Logger.getLogger(LogComparison.class);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int MAX_SUSPECTS = 10_000;
  private static final String SCRATCH = "compare-";

  /** Deletes what is left of comparisons that ended with their process. */
  public static void sweep(Path directory) {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, SCRATCH + "*")) {
      for (Path scratch : left) {
        LuceneIndex.delete(scratch);
      }
    } catch (NoSuchFileException e) {
      LOG.debugf("%s is not there yet", directory);
    } catch (IOException e) {
      LOG.warnf("cannot delete what is left of comparisons in %s: %s", directory, e);
    }
  }

  private final Map<String, Object> kafka;
  private final IndexSettings settings;
  private final Collection collection;
  private final Build build;
  private final Supplier<VectorIndex> live;
  private final long deadline;

  /**
   * @param live the index that answers, which follows the log in another thread
   * @param patience for everything that has to be waited for
   */
  public LogComparison(
      Map<String, Object> kafka,
      IndexSettings settings,
      Collection collection,
      Build build,
      Supplier<VectorIndex> live,
      Duration patience) {
    this.kafka = kafka;
    this.settings = settings;
    this.collection = collection;
    this.build = build;
    this.live = live;
    this.deadline = System.nanoTime() + patience.toNanos();
  }

  /**
   * Compares.
   *
   * @throws IndexException if the log or the index cannot be read to the end
   */
  public Comparison run() {
    try {
      Files.createDirectories(settings.directory());
      Path directory = Files.createTempDirectory(settings.directory(), SCRATCH);
      try (BuildFollower reader =
          new BuildFollower(
              collection,
              build,
              kafka,
              settings,
              new Scratch(directory),
              new ProgressSignal(),
              new QueryMetrics(new SimpleMeterRegistry()))) {
        reader.start();
        Patience patience = new Patience(reader, deadline);
        patience.until(reader::caughtUp);
        Comparison compared =
            new IndexComparison(() -> index(reader), live, patience, MAX_SUSPECTS).run();
        LOG.infof("compared the index of %s with the log: %s", collection.getName(), compared);
        return compared;
      } finally {
        LuceneIndex.delete(directory);
      }
    } catch (IOException e) {
      throw new IndexException(
          IndexException.Kind.UNAVAILABLE, "there is no room for the comparison: " + e, e);
    }
  }

  private static VectorIndex index(BuildFollower reader) {
    return reader
        .index()
        .orElseThrow(
            () -> new IndexException(IndexException.Kind.UNAVAILABLE, "the log cannot be read"));
  }

  /** Waits until the deadline of the whole comparison. */
  private record Patience(BuildFollower reader, long deadline) implements IndexComparison.Waiting {
    @Override
    public void until(BooleanSupplier condition) {
      while (!condition.getAsBoolean()) {
        if (System.nanoTime() - deadline > 0) {
          throw new IndexException(
              IndexException.Kind.UNAVAILABLE,
              "the log was not read in time"
                  + reader.problem().map(problem -> ": " + problem).orElse(""));
        }
        pause();
      }
    }

    @Override
    public void pause() {
      try {
        Thread.sleep(POLL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IndexException(IndexException.Kind.UNAVAILABLE, "interrupted", e);
      }
    }
  }

  /** Where the log is read into once more. */
  private record Scratch(Path directory) implements IndexSource {
    @Override
    public VectorIndex open(Collection collection, Build build) {
      return LuceneIndex.open(directory, build.getModel().getDimension(), 0);
    }

    @Override
    public boolean isCurrent(Collection collection, Build build, VectorIndex index) {
      return true;
    }

    @Override
    public void delete(Collection collection, Build build) {
      try {
        LuceneIndex.delete(directory);
      } catch (IOException e) {
        throw new IndexException(
            IndexException.Kind.UNAVAILABLE, directory + " cannot be deleted", e);
      }
    }

    @Override
    public boolean writes() {
      return true;
    }

    @Override
    public Optional<String> away() {
      return Optional.empty();
    }
  }
}
