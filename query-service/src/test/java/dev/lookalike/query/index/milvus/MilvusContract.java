package dev.lookalike.query.index.milvus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lookalike.engines.MilvusEngine;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.index.VectorIndexContract;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract against a server; each test has an index of its own. */
abstract class MilvusContract extends VectorIndexContract {
  private static final AtomicLong TESTS = new AtomicLong(System.currentTimeMillis());

  private final String alias = "test_" + Long.toString(TESTS.incrementAndGet(), 36);
  protected MilvusServer server;
  protected MilvusCatalog catalog;

  abstract MilvusEngine.Kind kind();

  static MilvusOptions options(String uri) {
    return options(uri, MilvusOptions.Access.OPEN, "HNSW", Map.of(), Map.of());
  }

  static MilvusOptions options(
      String uri,
      MilvusOptions.Access access,
      String indexType,
      Map<String, String> indexParams,
      Map<String, String> searchParams) {
    return new MilvusOptions(
        uri,
        access,
        Duration.ofSeconds(20),
        Duration.ofSeconds(5),
        "test",
        "tenant",
        4,
        1,
        indexType,
        indexParams,
        searchParams,
        100_000);
  }

  @Override
  @BeforeEach
  protected void openIt() {
    server = new MilvusServer(options(MilvusEngine.shared(kind()).uri()));
    catalog = new MilvusCatalog(server);
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(50))
        .until(server::reachable);
    super.openIt();
  }

  @AfterEach
  void dropIt() {
    if (catalog != null) {
      catalog.drop(alias);
      server.close();
    }
  }

  @Override
  protected int replays() {
    return 2;
  }

  @Override
  protected VectorIndex open(int dimension) {
    return catalog.open(alias, dimension);
  }

  @Override
  protected void crash(VectorIndex open) {
    ((MilvusIndex) open).abandon();
    assertThat(catalog.current(alias)).isPresent();
  }

  /** Each of these would end right also by reading everything, and nobody would see how slow. */
  @Test
  void oneSearchAlongTheGraphSuffices() {
    Random random = new Random(5);
    float[][] vectors = Images.clustered(random, 500, index.dimension(), 10);
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < vectors.length; i++) {
      changes.add(Images.embedded("i%04d".formatted(i), i, vectors[i]));
    }
    apply(changes.toArray(Change[]::new));
    for (int query = 0; query < 20; query++) {
      float[] wanted = Images.randomUnit(random, index.dimension());
      Nearest nearest = new Nearest(wanted, 10, Filter.ALL, false, Optional.empty(), false);
      assertThat(index.nearest(nearest)).hasSize(10);
    }
    assertThat(((MilvusIndex) index).widened()).isZero();
  }

  @Test
  void anotherProcessLearnsOfTheLastWriteSoon() {
    int dimension = index.dimension();
    MilvusIndex reader = catalog.read(alias, dimension);
    for (int i = 0; i < 3; i++) {
      apply(Images.embedded("i" + i, i, Images.randomUnit(new Random(i), dimension)));
    }
    await().atMost(Duration.ofSeconds(2)).pollInterval(Duration.ofMillis(50)).until(index::refresh);
    reader.refresh();
    assertThat(reader.progress()).isEqualTo(index.progress());
    assertThat(reader.counts().searchable()).isEqualTo(3);
    reader.close();
  }
}
