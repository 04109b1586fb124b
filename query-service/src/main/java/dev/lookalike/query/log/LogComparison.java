package dev.lookalike.query.log;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.catalog.ProgressSignal;
import dev.lookalike.query.compare.Comparison;
import dev.lookalike.query.compare.Comparison.Difference;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Listing;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.State;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * Compares an index with the log, entry by entry. The log is folded once more, from its first
 * record, into a temporary index of Lucene, which keeps following it; so what changes meanwhile is
 * looked at again until both have read the same. Needs the disk of one more index, and no memory
 * that grows with it.
 */
public final class LogComparison {
  private static final Logger LOG = Logger.getLogger(LogComparison.class);
  private static final int PAGE = 200;
  private static final Duration POLL = Duration.ofMillis(200);

  /** Looks at what differs, after both have read the same. */
  private static final int LOOKS = 3;

  /** Differences of one walk that are looked at again; beyond them nothing is said of an entry. */
  private static final int MAX_SUSPECTS = 10_000;

  /** Walks, where all suspects of one turned out well and there were more than are kept. */
  private static final int WALKS = 3;

  private static final String SCRATCH = "compare-";

  /** Deletes what comparisons left that ended with their process. */
  public static void sweep(Path directory) {
    try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, SCRATCH + "*")) {
      for (Path scratch : left) {
        LuceneIndex.delete(scratch);
      }
    } catch (NoSuchFileException e) {
      LOG.debugf("%s is not there yet", directory);
    } catch (IOException e) {
      LOG.warnf("what is left of comparisons in %s is not deleted: %s", directory, e);
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
   * @param patience for all that has to be waited for
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
        await(BuildFollower::caughtUp, reader);
        return compare(reader);
      } finally {
        LuceneIndex.delete(directory);
      }
    } catch (IOException e) {
      throw new IndexException(
          IndexException.Kind.UNAVAILABLE, "there is no room for the comparison: " + e, e);
    }
  }

  private Comparison compare(BuildFollower reader) {
    for (int walk = 0; walk < WALKS; walk++) {
      Set<String> suspects = new LinkedHashSet<>();
      long compared = walk(index(reader), suspects);
      boolean all = suspects.size() < MAX_SUSPECTS;
      Comparison judged = judge(reader, compared, suspects);
      if (all || !judged.isClean()) {
        LOG.infof("index of %s compared with the log: %s", collection.getName(), judged);
        return judged;
      }
    }
    throw new IndexException(
        IndexException.Kind.UNAVAILABLE,
        "more than " + MAX_SUSPECTS + " images change while they are compared; try again later");
  }

  private void await(Predicate<BuildFollower> condition, BuildFollower reader) {
    while (!condition.test(reader)) {
      if (System.nanoTime() > deadline) {
        throw new IndexException(
            IndexException.Kind.UNAVAILABLE,
            "the log was not read in time"
                + reader.problem().map(problem -> ": " + problem).orElse(""));
      }
      pause();
    }
  }

  private static VectorIndex index(BuildFollower reader) {
    return reader
        .index()
        .orElseThrow(
            () -> new IndexException(IndexException.Kind.UNAVAILABLE, "the log cannot be read"));
  }

  private static void pause() {
    try {
      Thread.sleep(POLL);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IndexException(IndexException.Kind.UNAVAILABLE, "interrupted", e);
    }
  }

  /** Both in the order of their ids. Returns the number of entries of the log. */
  private long walk(VectorIndex reference, Set<String> suspects) {
    Iterator<Entry> wanted = new Pages(reference);
    Iterator<Entry> found = new Pages(live.get());
    Optional<Entry> one = next(wanted);
    Optional<Entry> other = next(found);
    long compared = 0;
    while (one.isPresent() || other.isPresent()) {
      int order =
          one.isEmpty()
              ? 1
              : other.isEmpty() ? -1 : order(one.get().imageId(), other.get().imageId());
      Entry entry = order <= 0 ? one.orElseThrow() : other.orElseThrow();
      if (difference(order <= 0 ? one : Optional.empty(), order >= 0 ? other : Optional.empty())
              .isPresent()
          && suspects.size() < MAX_SUSPECTS) {
        suspects.add(entry.imageId());
      }
      if (order <= 0) {
        compared++;
        one = next(wanted);
      }
      if (order >= 0) {
        other = next(found);
      }
    }
    return compared;
  }

  private static Optional<Entry> next(Iterator<Entry> entries) {
    return entries.hasNext() ? Optional.of(entries.next()) : Optional.empty();
  }

  /** By the bytes of their UTF-8, as indexes list. */
  private static int order(String one, String other) {
    return Arrays.compareUnsigned(one.getBytes(UTF_8), other.getBytes(UTF_8));
  }

  /** What still differs when the index has read what the log had. */
  private Comparison judge(BuildFollower reader, long compared, Set<String> suspects) {
    Comparison judged = Comparison.clean(compared);
    for (int look = 0; look < LOOKS && !suspects.isEmpty(); look++) {
      VectorIndex reference = index(reader);
      Progress reached = reference.progress();
      await(any -> hasReached(live.get().progress(), reached), reader);
      judged = Comparison.clean(compared);
      List<String> left = new ArrayList<>();
      List<String> ids = List.copyOf(suspects);
      for (int start = 0; start < ids.size(); start += PAGE) {
        List<String> some = ids.subList(start, Math.min(ids.size(), start + PAGE));
        Map<String, Entry> wanted = byId(reference.get(some, true));
        Map<String, Entry> found = byId(live.get().get(some, true));
        for (String id : some) {
          Optional<Difference> difference =
              difference(Optional.ofNullable(wanted.get(id)), Optional.ofNullable(found.get(id)));
          if (difference.isPresent()) {
            judged = judged.with(difference.get(), id);
            left.add(id);
          }
        }
      }
      suspects.retainAll(Set.copyOf(left));
      pause();
    }
    return judged;
  }

  private static Map<String, Entry> byId(List<Entry> entries) {
    return entries.stream().collect(Collectors.toMap(Entry::imageId, entry -> entry));
  }

  private static boolean hasReached(Progress progress, Progress wanted) {
    for (Map.Entry<LogPartition, Long> position : wanted.positions().entrySet()) {
      if (progress.positions().getOrDefault(position.getKey(), 0L) < position.getValue()) {
        return false;
      }
    }
    return true;
  }

  private static Optional<Difference> difference(Optional<Entry> wanted, Optional<Entry> found) {
    if (wanted.isEmpty()) {
      // The log forgets at last what was deleted.
      return found.filter(entry -> entry.state() != State.DELETED).map(entry -> Difference.EXTRA);
    }
    if (found.isEmpty()) {
      return Optional.of(Difference.MISSING);
    }
    Entry one = wanted.get();
    Entry other = found.get();
    boolean same =
        one.outcome().equals(other.outcome())
            && one.attributes().equals(other.attributes())
            && one.labels().equals(other.labels())
            && Arrays.equals(one.embedding().orElse(null), other.embedding().orElse(null));
    return same ? Optional.empty() : Optional.of(Difference.STALE);
  }

  /** All entries of an index, page by page. */
  private static final class Pages implements Iterator<Entry> {
    private final VectorIndex index;
    private Iterator<Entry> page;
    private Optional<String> last = Optional.empty();
    private boolean more = true;

    Pages(VectorIndex index) {
      this.index = index;
      this.page = read();
    }

    private Iterator<Entry> read() {
      List<Entry> entries =
          index.list(new Listing(Filter.ALL, EnumSet.allOf(State.class), last, PAGE, true));
      more = entries.size() == PAGE;
      if (!entries.isEmpty()) {
        last = Optional.of(entries.get(entries.size() - 1).imageId());
      }
      return entries.iterator();
    }

    @Override
    public boolean hasNext() {
      if (!page.hasNext() && more) {
        page = read();
      }
      return page.hasNext();
    }

    @Override
    public Entry next() {
      return page.next();
    }
  }

  /** Where the log is folded once more. */
  private static final class Scratch implements IndexSource {
    private final Path directory;

    Scratch(Path directory) {
      this.directory = directory;
    }

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
