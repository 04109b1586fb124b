package dev.lookalike.query.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lookalike.engines.MilvusEngine;
import dev.lookalike.log.RegistryView;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.index.milvus.MilvusCatalog;
import dev.lookalike.query.index.milvus.MilvusServer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The contract against a server. */
abstract class MilvusStoreContract extends IndexStoreContract {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Connected with the first look at what is kept. */
  private @Nullable MilvusServer server;

  abstract MilvusEngine.Kind kind();

  private IndexSettings settings(Map<String, String> changed) {
    Map<String, String> settings = new HashMap<>(changed);
    settings.put("type", "milvus");
    settings.put("milvus.uri", MilvusEngine.shared(kind()).uri());
    settings.put("milvus.prefix", "store");
    settings.put("milvus.call-timeout", "20s");
    settings.put("milvus.retry-timeout", "5s");
    settings.putIfAbsent("milvus.partitions", "2");
    return Settings.of(settings);
  }

  private IndexStore connect(Map<String, String> changed) {
    IndexStore store = new MilvusStore(settings(changed));
    await().atMost(PATIENCE).until(() -> store.away().isEmpty());
    return store;
  }

  @Override
  protected IndexStore connect() {
    return connect(Map.of());
  }

  @Override
  protected List<String> kept() {
    MilvusServer connected = server;
    if (connected == null) {
      connected = new MilvusServer(settings(Map.of()).milvus().options());
      server = connected;
    }
    await().atMost(PATIENCE).until(connected::reachable);
    return new MilvusCatalog(connected)
        .all().stream().filter(name -> name.contains("_" + collection.getId() + "_")).toList();
  }

  @Override
  protected void disconnect() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected Progress durable() {
    try (VectorIndex index = another().open(collection, build)) {
      return index.progress();
    }
  }

  @Test
  void aProcessThatOnlyServesReadsAndMakesNothing() {
    try (IndexStore serving = connect(Map.of("role", "serve"))) {
      assertThat(serving.writes()).isFalse();
      assertThatThrownBy(() -> serving.open(collection, build))
          .isInstanceOf(IndexException.class)
          .hasMessageContaining("has not been made yet");
      assertThat(kept()).isEmpty();
      VectorIndex written = open();
      write(written, "a");
      written.commit();
      VectorIndex read = serving.open(collection, build);
      assertThat(read.progress()).isEqualTo(written.progress());
      has(read, "a");
      VectorIndex next = store().openNext(collection, build);
      assertThat(serving.isCurrent(collection, build, read)).isTrue();
      store().promote(collection, build, next);
      assertThat(serving.isCurrent(collection, build, read)).isFalse();
      read.close();
      next.close();
      serving.sweep(
          new RegistryView(
              List.of(),
              List.of(new RegistryView.Deleted(collection.getId(), Set.of(), false)),
              List.of()),
          (collectionId, buildId, delete) -> delete.run());
      assertThat(kept()).hasSize(2);
    }
  }

  @Test
  void anIndexMadeWithOtherSettingsIsOutdatedAndStillRead() {
    write(open(), "a");
    try (IndexStore other = connect(Map.of("milvus.partitions", "3"))) {
      VectorIndex index = other.open(collection, build);
      has(index, "a");
      assertThat(other.isOutdated(index)).isTrue();
      assertThat(store().isOutdated(index)).isFalse();
      index.close();
    }
  }
}
