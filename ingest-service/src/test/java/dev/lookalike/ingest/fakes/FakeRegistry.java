package dev.lookalike.ingest.fakes;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.ingest.collections.Registry;
import dev.lookalike.ingest.records.Append;
import dev.lookalike.ingest.records.LoggedRecord;
import dev.lookalike.log.CollectionRecords;
import dev.lookalike.log.RegistryView;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionDeleted;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.proto.image.v1.ModelReference;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Reads the registry from a log in memory, by the rules of the real one, and at once. */
public final class FakeRegistry implements Registry {
  private final FakeLog log;
  private final CollectionRecords records = new CollectionRecords();
  private int position;
  public boolean caughtUp = true;

  /** Whether it reads no further. */
  public boolean stuck;

  public Optional<String> problem = Optional.empty();

  public FakeRegistry(FakeLog log) {
    this.log = log;
  }

  private void readOn() {
    List<LoggedRecord> all = log.partition(Topics.COLLECTIONS, 0);
    while (!stuck && caughtUp && position < all.size()) {
      LoggedRecord record = all.get(position);
      records.apply(
          position, new String(Objects.requireNonNull(record.key()), UTF_8), record.value());
      position++;
    }
  }

  @Override
  public RegistryView view() {
    readOn();
    return records.view();
  }

  @Override
  public boolean caughtUp() {
    return caughtUp;
  }

  @Override
  public long position() {
    readOn();
    return position;
  }

  @Override
  public Optional<String> problem() {
    return problem;
  }

  @Override
  public boolean await(BooleanSupplier reached, Duration atMost) {
    return reached.getAsBoolean();
  }

  /** A collection of two partitions, as another process writes it. */
  public Collection write(String id, String name) {
    return write(collection(id, name).build());
  }

  public Collection write(Collection collection) {
    write(collection.getId(), CollectionEvent.newBuilder().setCollection(collection).build());
    return collection;
  }

  public static Collection.Builder collection(String id, String name) {
    return Collection.newBuilder()
        .setId(id)
        .setName(name)
        .setGeneration(1)
        .setPartitions(2)
        .setBounds(
            CanonicalBounds.newBuilder()
                .setShortSide(512)
                .setLongSide(4096)
                .setJpegQuality(90)
                .setMaxBytes(1 << 20));
  }

  /** Binds a model of two dimensions to a collection. */
  public void bind(String collectionId, String build) {
    write(
        collectionId + "/" + build,
        CollectionEvent.newBuilder()
            .setBuild(
                Build.newBuilder()
                    .setId(build)
                    .setCollectionId(collectionId)
                    .setGeneration(1)
                    .setModel(ModelReference.newBuilder().setId("model").setDimension(2))
                    .setState(BuildState.BUILD_STATE_LIVE))
            .build());
  }

  public void delete(String id) {
    write(
        id,
        CollectionEvent.newBuilder().setDeleted(CollectionDeleted.getDefaultInstance()).build());
  }

  private void write(String key, CollectionEvent event) {
    log.write(new Append(Topics.COLLECTIONS, 0, key.getBytes(UTF_8), event.toByteArray()));
  }
}
