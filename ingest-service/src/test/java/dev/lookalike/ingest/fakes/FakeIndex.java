package dev.lookalike.ingest.fakes;

import dev.lookalike.ingest.images.ImageIndex;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** An index that knows what a test tells it. A filter matches ids by their beginning. */
public final class FakeIndex implements ImageIndex {
  private final Map<String, ImageEntry> entries = new TreeMap<>();
  public List<PartitionPosition> positions = List.of();

  /** Images of a page, at most. */
  public int page = 2;

  public boolean away;

  public void put(ImageEntry entry) {
    entries.put(entry.getImageId(), entry);
  }

  @Override
  public Optional<ImageEntry> image(String collectionId, String imageId) {
    requireHere();
    return Optional.ofNullable(entries.get(imageId));
  }

  @Override
  public void matching(String collectionId, String filter, Consumer<List<ImageEntry>> taker) {
    requireHere();
    List<ImageEntry> left =
        new ArrayList<>(
            entries.values().stream()
                .filter(entry -> entry.getState() == ImageState.IMAGE_STATE_SEARCHABLE)
                .filter(entry -> entry.getImageId().startsWith(filter))
                .toList());
    do {
      List<ImageEntry> next = left.subList(0, Math.min(page, left.size()));
      taker.accept(List.copyOf(next));
      next.clear();
      requireHere();
    } while (!left.isEmpty());
  }

  @Override
  public DescribeIndexResponse index(String collectionId) {
    requireHere();
    return DescribeIndexResponse.newBuilder().addAllPartitions(positions).build();
  }

  private void requireHere() {
    if (away) {
      throw new RefusedException(ErrorCode.QUERY_UNAVAILABLE, "away");
    }
  }
}
