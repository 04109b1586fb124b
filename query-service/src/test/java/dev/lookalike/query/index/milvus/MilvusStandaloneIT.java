package dev.lookalike.query.index.milvus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lookalike.engines.MilvusEngine;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Nearest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Its tests wait for the server most of their time, each for its own collection. */
@Execution(ExecutionMode.CONCURRENT)
class MilvusStandaloneIT extends MilvusContract {
  private static final int IMAGES = 400;
  private static final int WIDTH = 32;
  private static final int K = 10;

  @Override
  MilvusEngine.Kind kind() {
    return MilvusEngine.Kind.STANDALONE;
  }

  /** Those of the CPU that the server has beside HNSW. */
  @ParameterizedTest
  @CsvSource({
    "FLAT, , , 1.0",
    "IVF_FLAT, nlist=16, nprobe=8, 0.9",
    "IVF_SQ8, nlist=16, nprobe=8, 0.9",
    "SCANN, nlist=16, nprobe=8, 0.9",
    "DISKANN, , , 0.9",
  })
  void findsWithEachKindOfIndex(String type, String build, String search, double recall) {
    try (MilvusServer other = connect(type, parameters(build), parameters(search))) {
      MilvusCatalog kinds = new MilvusCatalog(other);
      String name = "test_kind" + Long.toString(System.nanoTime(), 36);
      MilvusIndex made = kinds.open(name, WIDTH);
      try {
        Random random = new Random(9);
        float[][] vectors = Images.clustered(random, IMAGES, WIDTH, 20);
        List<Change> changes = new ArrayList<>();
        for (int i = 0; i < IMAGES; i++) {
          changes.add(Images.embedded("i%04d".formatted(i), i, vectors[i]));
        }
        made.apply(changes, progress(IMAGES));
        made.refresh();
        int found = 0;
        for (int query = 0; query < 20; query++) {
          float[] wanted = vectors[random.nextInt(IMAGES)];
          Set<String> exact = ids(made, wanted, true);
          Set<String> fast = ids(made, wanted, false);
          assertThat(fast).hasSize(K);
          fast.retainAll(exact);
          found += fast.size();
        }
        assertThat(found / (20.0 * K)).isGreaterThanOrEqualTo(recall);
        assertThat(kinds.isOutdated(made)).isFalse();
        assertThat(catalog.isOutdated(made)).as("for whoever wants HNSW").isTrue();
      } finally {
        made.close();
        kinds.drop(name);
      }
    }
  }

  @Test
  void aKindThatTheServerDoesNotHaveIsRefusedByName() {
    try (MilvusServer other = connect("GPU_CAGRA", Map.of(), Map.of())) {
      MilvusCatalog kinds = new MilvusCatalog(other);
      String name = "test_kind" + Long.toString(System.nanoTime(), 36);
      assertThatThrownBy(() -> kinds.open(name, WIDTH))
          .isInstanceOf(IndexException.class)
          .hasMessageContaining("GPU_CAGRA");
      assertThat(kinds.all()).as("nothing half made stays").noneMatch(each -> each.contains(name));
    }
  }

  private static Set<String> ids(MilvusIndex from, float[] wanted, boolean exact) {
    Set<String> ids = new HashSet<>();
    from.nearest(new Nearest(wanted, K, Filter.ALL, exact, Optional.empty(), false))
        .forEach(neighbour -> ids.add(neighbour.entry().imageId()));
    return ids;
  }

  private static Map<String, String> parameters(String text) {
    if (text == null) {
      return Map.of();
    }
    String[] parts = text.split("=", 2);
    return Map.of(parts[0], parts[1]);
  }

  private static MilvusServer connect(
      String type, Map<String, String> build, Map<String, String> search) {
    MilvusServer server =
        new MilvusServer(
            options(
                MilvusEngine.shared(MilvusEngine.Kind.STANDALONE).uri(),
                MilvusOptions.Access.OPEN,
                type,
                build,
                search));
    await().atMost(Duration.ofSeconds(30)).until(server::reachable);
    return server;
  }
}
