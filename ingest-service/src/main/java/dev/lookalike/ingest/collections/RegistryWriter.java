package dev.lookalike.ingest.collections;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.ingest.records.Append;
import dev.lookalike.ingest.records.Appender;
import dev.lookalike.ingest.records.Timestamps;
import dev.lookalike.log.RegistryView;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.CollectionDeleted;
import dev.lookalike.proto.events.v1.CollectionEvent;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes into the registry, and waits until it has read the record back: only then is it known what
 * became of it. Each method throws {@link RefusedException} BROKER_UNAVAILABLE. Thread-safe.
 */
final class RegistryWriter {
  private static final Duration READ_BACK = Duration.ofSeconds(10);

  private final Registry registry;
  private final Appender log;
  private final InstantSource clock;

  RegistryWriter(Registry registry, Appender log, InstantSource clock) {
    this.registry = registry;
    this.log = log;
    this.clock = clock;
  }

  void write(Collection collection) {
    write(List.of(record(collection)));
  }

  void delete(String id) {
    write(List.of(deletion(id)));
  }

  /**
   * Writes down what every reader of the registry concludes anyway. Of two that asked for one name,
   * the later is not created, or keeps its old name; what is deleted stays deleted.
   */
  void settle() {
    RegistryView view = registry.view();
    List<Append> records = new ArrayList<>();
    for (RegistryView.Late late : view.late()) {
      records.add(late.renamed() ? record(late.collection()) : deletion(late.collection().getId()));
    }
    view.deleted().stream()
        .filter(RegistryView.Deleted::overwritten)
        .forEach(deleted -> records.add(deletion(deleted.id())));
    if (!records.isEmpty()) {
      write(records);
    }
  }

  private void write(List<Append> records) {
    long last = log.append(records).getLast();
    if (!registry.await(() -> registry.position() > last, READ_BACK)) {
      throw new RefusedException(
          ErrorCode.BROKER_UNAVAILABLE,
          "the record is written, but the registry has not read it back yet");
    }
  }

  private static Append record(Collection collection) {
    return new Append(
        Topics.COLLECTIONS,
        0,
        collection.getId().getBytes(UTF_8),
        CollectionEvent.newBuilder().setCollection(collection).build().toByteArray());
  }

  private Append deletion(String id) {
    return new Append(
        Topics.COLLECTIONS,
        0,
        id.getBytes(UTF_8),
        CollectionEvent.newBuilder()
            .setDeleted(CollectionDeleted.newBuilder().setDeletedAt(Timestamps.of(clock.instant())))
            .build()
            .toByteArray());
  }
}
