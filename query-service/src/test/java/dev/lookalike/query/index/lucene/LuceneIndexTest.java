package dev.lookalike.query.index.lucene;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Counts;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Neighbour;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.index.VectorIndexContract;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LuceneIndexTest extends VectorIndexContract {
  @TempDir Path directory;

  /** Zero: the graph is walked however few images there are. */
  private static final int ALWAYS_WALK = 0;

  private Path path() {
    return directory.resolve("index");
  }

  @Override
  protected VectorIndex open(int dimension) {
    return LuceneIndex.open(path(), dimension, ALWAYS_WALK);
  }

  @Override
  protected void crash(VectorIndex open) {
    ((LuceneIndex) open).abandon();
  }

  @Test
  void moreThan1024DimensionsSurviveARestart() {
    float[] vector = Images.randomUnit(new Random(1), 4096);
    try (VectorIndex wide = LuceneIndex.open(directory.resolve("wide"), 4096, ALWAYS_WALK)) {
      wide.apply(List.of(Images.embedded("a", 0, vector)), progress(1));
    }
    try (VectorIndex wide = LuceneIndex.open(directory.resolve("wide"), 4096, ALWAYS_WALK)) {
      assertThat(wide.progress()).isEqualTo(progress(1));
      List<Neighbour> found =
          wide.nearest(new Nearest(vector, 1, Filter.ALL, false, Optional.empty(), true));
      assertThat(found.get(0).similarity()).isGreaterThan(0.99999f);
      assertThat(found.get(0).entry().embedding().orElseThrow()).isEqualTo(vector);
    }
  }

  @Test
  void anotherDimensionIsAnotherIndex() {
    apply(Images.embedded("a", 0, 1, 0, 0, 0));
    index.close();
    index = open(7);
    assertThat(index.progress()).isEqualTo(Progress.NONE);
    assertThat(index.counts()).isEqualTo(new Counts(0, 0, 0));
  }

  @Test
  void aDamagedIndexIsMovedAside() throws IOException {
    apply(Images.embedded("a", 0, 1, 0, 0, 0));
    index.close();
    try (Stream<Path> files = Files.list(path())) {
      for (Path file : files.filter(f -> !f.endsWith("write.lock")).toList()) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.truncate(channel.size() / 2);
        }
      }
    }
    index = open(4);
    assertThat(index.progress()).isEqualTo(Progress.NONE);
    assertThat(directory.resolve("index.damaged")).isDirectory();
    apply(Images.embedded("a", 0, 1, 0, 0, 0));
    assertThat(index.counts()).isEqualTo(new Counts(1, 0, 0));
  }

  @Test
  void garbageInAnyFileIsFoundOnOpening() throws IOException {
    apply(Images.embedded("a", 0, 1, 0, 0, 0), Images.embedded("b", 1, 0, 1, 0, 0));
    index.close();
    List<Path> files;
    try (Stream<Path> all = Files.list(path())) {
      files = all.filter(f -> !f.endsWith("write.lock")).toList();
    }
    for (Path file : files) {
      byte[] good = Files.readAllBytes(file);
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}), channel.size() / 2);
      }
      index = open(4);
      assertThat(index.progress()).as(file.toString()).isEqualTo(Progress.NONE);
      index.close();
      LuceneIndex.delete(path());
      Files.move(directory.resolve("index.damaged"), path());
      Files.write(file, good);
    }
    index = open(4);
    assertThat(index.counts()).isEqualTo(new Counts(2, 0, 0));
  }

  @Test
  void aSecondProcessIsRefusedAndNothingIsLost() {
    apply(Images.embedded("a", 0, 1, 0, 0, 0));
    assertThatThrownBy(() -> open(4))
        .isInstanceOfSatisfying(
            IndexException.class,
            e -> assertThat(e.kind()).isEqualTo(IndexException.Kind.UNAVAILABLE));
    assertThat(index.counts()).isEqualTo(new Counts(1, 0, 0));
    assertThat(directory.resolve("index.damaged")).doesNotExist();
  }

  /** Recall@10 of the graph against the exact search, on clustered vectors in many segments. */
  @Test
  void recall() {
    Random random = new Random(3);
    int dimension = 96;
    float[][] vectors = Images.clustered(random, 4000, dimension, 60);
    try (VectorIndex graph = LuceneIndex.open(directory.resolve("g"), dimension, ALWAYS_WALK)) {
      List<Change> changes = new ArrayList<>();
      for (int i = 0; i < 3800; i++) {
        changes.add(
            Images.embedded("i" + i, i, Map.of("third", Images.bool(i % 3 == 0)), vectors[i]));
        if (changes.size() == 400) {
          graph.apply(changes, progress(i));
          graph.refresh();
          changes.clear();
        }
      }
      graph.apply(changes, progress(3800));
      graph.refresh();
      assertThat(((LuceneIndex) graph).segments()).isGreaterThan(1);
      for (Filter filter :
          List.of(Filter.ALL, new Filter.OneOf("third", List.of(new Filter.Literal.Bool(true))))) {
        int found = 0;
        for (int i = 3800; i < 4000; i++) {
          Set<String> exact = ids(graph, vectors[i], filter, true);
          exact.retainAll(ids(graph, vectors[i], filter, false));
          found += exact.size();
        }
        assertThat(found / 2000.0).as("recall@10, " + filter).isGreaterThanOrEqualTo(0.995);
      }
    }
  }

  private static Set<String> ids(VectorIndex graph, float[] query, Filter filter, boolean exact) {
    Set<String> ids = new HashSet<>();
    graph
        .nearest(new Nearest(query, 10, filter, exact, Optional.empty(), false))
        .forEach(neighbour -> ids.add(neighbour.entry().imageId()));
    assertThat(ids).hasSize(10);
    return ids;
  }
}
