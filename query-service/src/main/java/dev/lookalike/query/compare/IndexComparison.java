package dev.lookalike.query.compare;

import dev.lookalike.query.compare.Comparison.Difference;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Listing;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.State;
import dev.lookalike.query.index.VectorIndex;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Compares an index with a reference, entry by entry, while both follow the log. What differs is
 * looked at again once the index has read what the reference had: only what still differs then
 * counts. Needs no memory that grows with the indexes.
 */
public final class IndexComparison {
  private static final int PAGE = 200;

  /** Looks at what differs, after both have read the same. */
  private static final int LOOKS = 3;

  /** Walks, if one met more differences than are kept and none of those lasted. */
  private static final int WALKS = 3;

  /** Waits for something, then lets a little time pass. */
  public interface Waiting {
    /**
     * Waits until the condition holds.
     *
     * @throws IndexException if it does not in time
     */
    void until(BooleanSupplier condition);

    /** Lets changes arrive that are on their way. */
    void pause();
  }

  private final Supplier<VectorIndex> reference;
  private final Supplier<VectorIndex> live;
  private final Waiting waiting;
  private final int maxSuspects;

  /**
   * @param reference the index that is right, as it is open at the moment
   * @param live the index to compare, as it is open at the moment
   * @param maxSuspects differences of one walk that are looked at again; beyond them nothing is
   *     said of an entry
   */
  public IndexComparison(
      Supplier<VectorIndex> reference,
      Supplier<VectorIndex> live,
      Waiting waiting,
      int maxSuspects) {
    this.reference = reference;
    this.live = live;
    this.waiting = waiting;
    this.maxSuspects = maxSuspects;
  }

  /**
   * Compares.
   *
   * @throws IndexException if an index cannot be read to the end, or too much changes meanwhile
   */
  public Comparison run() {
    for (int walk = 0; walk < WALKS; walk++) {
      Set<String> suspects = new LinkedHashSet<>();
      long compared =
          Differences.walk(
              new Pages(reference.get()),
              new Pages(live.get()),
              id -> {
                if (suspects.size() < maxSuspects) {
                  suspects.add(id);
                }
              });
      boolean all = suspects.size() < maxSuspects;
      Comparison judged = judge(compared, suspects);
      if (all || !judged.isClean()) {
        return judged;
      }
    }
    throw new IndexException(
        IndexException.Kind.UNAVAILABLE,
        "more than "
            + maxSuspects
            + " images changed while they were being compared; try again later");
  }

  /** What still differs when the index has read what the log had. */
  private Comparison judge(long compared, Set<String> suspects) {
    Comparison judged = Comparison.clean(compared);
    for (int look = 0; look < LOOKS && !suspects.isEmpty(); look++) {
      VectorIndex right = reference.get();
      Progress reached = right.progress();
      waiting.until(() -> live.get().progress().behind(reached.positions()) == 0);
      judged = Comparison.clean(compared);
      List<String> left = new ArrayList<>();
      List<String> ids = List.copyOf(suspects);
      for (int start = 0; start < ids.size(); start += PAGE) {
        List<String> some = ids.subList(start, Math.min(ids.size(), start + PAGE));
        Map<String, Entry> wanted = byId(right.get(some, true));
        Map<String, Entry> found = byId(live.get().get(some, true));
        for (String id : some) {
          Optional<Difference> difference =
              Differences.between(
                  Optional.ofNullable(wanted.get(id)), Optional.ofNullable(found.get(id)));
          if (difference.isPresent()) {
            judged = judged.with(difference.get(), id);
            left.add(id);
          }
        }
      }
      suspects.retainAll(Set.copyOf(left));
      waiting.pause();
    }
    return judged;
  }

  private static Map<String, Entry> byId(List<Entry> entries) {
    return entries.stream().collect(Collectors.toMap(Entry::imageId, entry -> entry));
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
}
