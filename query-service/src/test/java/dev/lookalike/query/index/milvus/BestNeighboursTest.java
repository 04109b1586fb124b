package dev.lookalike.query.index.milvus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.FoldedImage;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Neighbour;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BestNeighboursTest {
  private static Entry entry(Change.Outcome outcome) {
    return new FoldedImage(outcome.imageId(), Optional.of(outcome), List.of())
        .entry()
        .orElseThrow();
  }

  private static Nearest query(int k, Filter filter, Optional<Nearest.Place> after) {
    return new Nearest(new float[] {1, 0}, k, filter, true, after, false);
  }

  private static List<String> ids(BestNeighbours best) {
    return best.neighbours().stream().map(found -> found.entry().imageId()).toList();
  }

  @Test
  void keepsTheBestInOrder() {
    BestNeighbours best = new BestNeighbours(query(2, Filter.ALL, Optional.empty()));
    best.add(entry(Images.embedded("far", 0, -1, 0)));
    best.add(entry(Images.embedded("near", 1, 1, 0)));
    best.add(entry(Images.embedded("between", 2, 0, 1)));
    assertThat(ids(best)).containsExactly("near", "between");
    assertThat(best.worst()).as("of all that were shown").isEqualTo(-1f);
  }

  @Test
  void equalOnesComeByIdWhicheverCameFirst() {
    BestNeighbours best = new BestNeighbours(query(2, Filter.ALL, Optional.empty()));
    for (String id : List.of("c", "a", "b")) {
      best.add(entry(Images.embedded(id, 0, 1, 0)));
    }
    assertThat(ids(best)).containsExactly("a", "b");
  }

  @Test
  void onlyWhatComesAfterThePlaceIsKept() {
    BestNeighbours best =
        new BestNeighbours(query(9, Filter.ALL, Optional.of(new Nearest.Place(1f, "b"))));
    for (String id : List.of("a", "b", "c")) {
      best.add(entry(Images.embedded(id, 0, 1, 0)));
    }
    best.add(entry(Images.embedded("worse", 1, 0, 1)));
    assertThat(ids(best)).containsExactly("c", "worse");
  }

  @Test
  void whatTheServerCouldNotDecideIsDecidedHere() {
    BestNeighbours best =
        new BestNeighbours(query(9, new Filter.IdOneOf(List.of("a")), Optional.empty()));
    best.add(entry(Images.embedded("a", 0, 0, 1)));
    best.add(entry(Images.embedded("b", 0, -1, 0)));
    best.add(entry(Images.rejected("c", 0)));
    assertThat(ids(best)).containsExactly("a");
    assertThat(best.worst()).as("what does not match does not count").isZero();
  }

  @Test
  void embeddingsAreLeftOutUnlessAskedFor() {
    BestNeighbours best = new BestNeighbours(query(1, Filter.ALL, Optional.empty()));
    best.add(entry(Images.embedded("a", 0, 0.6f, 0.8f)));
    Neighbour found = best.neighbours().get(0);
    assertThat(found.entry().embedding()).isEmpty();
    assertThat(found.similarity()).isCloseTo(0.6f, within(1e-6f));
  }

  @Test
  void similarityIsOfAllDimensions() {
    float[] vector = Images.unit(1, 2, 3, 4, 5, 6, 7);
    BestNeighbours best =
        new BestNeighbours(new Nearest(vector, 1, Filter.ALL, true, Optional.empty(), true));
    best.add(entry(Images.embedded("a", 0, vector)));
    assertThat(best.neighbours().get(0).similarity()).isCloseTo(1f, within(1e-6f));
    assertThat(best.neighbours().get(0).similarity()).isLessThanOrEqualTo(1f);
    assertThat(best.neighbours().get(0).entry().embedding()).isPresent();
  }
}
