package dev.lookalike.query.catalog;

import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.RecordingIndex;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.store.IndexSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A follower that stands as a test says. */
public final class FakeFollower implements Follower {
  /** Those that were made, in their order. */
  public static final class Made implements Factory {
    public final List<FakeFollower> all = new ArrayList<>();

    @Override
    public Follower of(Collection collection, Build build, IndexSource source) {
      FakeFollower follower = new FakeFollower(collection, build, source);
      all.add(follower);
      return follower;
    }
  }

  public final IndexSource source;
  public volatile Optional<VectorIndex> index = Optional.empty();
  public volatile boolean caughtUp;
  public Optional<String> problem = Optional.empty();
  public long lag;
  public boolean started;
  public boolean closed;
  private final Collection collection;
  private final Build build;

  FakeFollower(Collection collection, Build build, IndexSource source) {
    this.collection = collection;
    this.build = build;
    this.source = source;
  }

  /** Its index is open and has caught up. */
  public RecordingIndex answers() {
    RecordingIndex opened = new RecordingIndex(build.getModel().getDimension());
    answers(opened);
    return opened;
  }

  /** This index is open and has caught up. */
  public void answers(VectorIndex opened) {
    index = Optional.of(opened);
    caughtUp = true;
  }

  @Override
  public Collection collection() {
    return collection;
  }

  @Override
  public Build build() {
    return build;
  }

  @Override
  public void start() {
    started = true;
  }

  @Override
  public Optional<VectorIndex> index() {
    return index;
  }

  @Override
  public boolean caughtUp() {
    return caughtUp;
  }

  @Override
  public Optional<String> problem() {
    return problem;
  }

  @Override
  public long lag() {
    return lag;
  }

  @Override
  public void close() {
    closed = true;
  }
}
