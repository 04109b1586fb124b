package dev.lookalike.query.index.milvus;

import dev.lookalike.query.index.FoldedImage;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The images that were written so recently that a bounded stale read may miss them: so that the
 * read before the next write need not wait for them. Times are those of {@link System#nanoTime},
 * and are passed in.
 */
final class RecentImages {
  private record Written(FoldedImage image, long at) {}

  private final int max;

  /** The oldest first. */
  private final Map<String, Written> recent = new LinkedHashMap<>();

  /** When one had to be forgotten too early, or when this was made. */
  private long forgot;

  /**
   * @param max images kept, at most
   */
  RecentImages(int max, long now) {
    this.max = max;
    this.forgot = now;
  }

  Optional<FoldedImage> get(String imageId) {
    return Optional.ofNullable(recent.get(imageId)).map(Written::image);
  }

  /** Whether every image that is not here can be read bounded stale. */
  boolean isComplete(long now) {
    return Freshness.isSettled(forgot, now);
  }

  void wrote(Map<String, FoldedImage> written, long now) {
    written.forEach(
        (id, image) -> {
          // Taken out first: so it becomes the youngest.
          recent.remove(id);
          recent.put(id, new Written(image, now));
        });
    Iterator<Written> oldest = recent.values().iterator();
    while (oldest.hasNext()) {
      boolean settled = Freshness.isSettled(oldest.next().at(), now);
      if (!settled && recent.size() <= max) {
        return;
      }
      oldest.remove();
      if (!settled) {
        forgot = now;
      }
    }
  }
}
