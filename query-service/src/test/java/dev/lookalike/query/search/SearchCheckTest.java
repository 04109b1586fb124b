package dev.lookalike.query.search;

import static dev.lookalike.query.search.Requests.id;
import static dev.lookalike.query.search.Requests.image;
import static dev.lookalike.query.search.Requests.refusal;
import static dev.lookalike.query.search.Requests.search;
import static dev.lookalike.query.search.Requests.vector;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import dev.lookalike.proto.image.v1.Region;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.metrics.QueryMetrics.SearchKind;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.Collections;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SearchCheckTest {
  private static final Example ANY = vector(1, 0);

  private static void refused(SearchRequest.Builder request, ErrorCode code, String words) {
    RefusedException refused = refusal(() -> SearchCheck.check(request.build()));
    assertThat(refused.code()).isEqualTo(code);
    assertThat(refused.detail()).contains(words);
  }

  private static Query check(SearchRequest.Builder request) {
    return SearchCheck.check(request.build());
  }

  @Test
  void fillsInDefaults() {
    Query query = check(search(ANY));
    assertThat(query.k()).isEqualTo(10);
    assertThat(query.filter()).isEqualTo(Filter.ALL);
    assertThat(query.groups()).isEmpty();
    assertThat(query.minSimilarity()).isEmpty();
    assertThat(query.excludeSelf()).isFalse();
    assertThat(query.exact()).isFalse();
    assertThat(query.includeVectors()).isFalse();
    assertThat(query.patience()).hasSeconds(10);
    assertThat(check(search(ANY).setGroupBy("sku")).groups()).contains(new Query.Groups("sku", 1));
  }

  @Test
  void takesOverWhatIsAskedFor() {
    Query query =
        check(
            search(ANY)
                .addNegatives(id("n"))
                .setK(7)
                .setFilter("price > 3")
                .setGroupBy("sku")
                .setGroupSize(4)
                .setMinSimilarity(0.5f)
                .setExcludeSelf(true)
                .setExact(true)
                .setIncludeVectors(true)
                .addTokens("t")
                .setWait(Duration.newBuilder().setSeconds(3)));
    assertThat(query.positives()).containsExactly(ANY);
    assertThat(query.negatives()).containsExactly(id("n"));
    assertThat(query.examples()).containsExactly(ANY, id("n"));
    assertThat(query.k()).isEqualTo(7);
    assertThat(query.filter()).isInstanceOf(Filter.Compare.class);
    assertThat(query.groups()).contains(new Query.Groups("sku", 4));
    assertThat(query.minSimilarity()).isEqualTo(Optional.of(0.5f));
    assertThat(query.excludeSelf()).isTrue();
    assertThat(query.exact()).isTrue();
    assertThat(query.includeVectors()).isTrue();
    assertThat(query.tokens()).containsExactly("t");
    assertThat(query.patience()).hasSeconds(3);
  }

  @Test
  void anImageMakesItASearchByImageThenAnId() {
    assertThat(check(search(ANY)).kind()).isEqualTo(SearchKind.VECTOR);
    assertThat(check(search(ANY, id("a"))).kind()).isEqualTo(SearchKind.ID);
    assertThat(check(search(ANY, id("a")).addNegatives(image("i"))).kind())
        .isEqualTo(SearchKind.IMAGE);
  }

  @Test
  void wantsOneTo64Examples() {
    refused(search(), ErrorCode.INVALID_ARGUMENT, "At least one positive");
    refused(search().addNegatives(ANY), ErrorCode.INVALID_ARGUMENT, "At least one positive");
    SearchRequest.Builder most =
        search()
            .addAllPositives(Collections.nCopies(60, ANY))
            .addAllNegatives(Collections.nCopies(4, ANY));
    assertThat(check(most).examples()).hasSize(64);
    refused(most.addNegatives(ANY), ErrorCode.INVALID_ARGUMENT, "At most 64 examples");
  }

  @Test
  void boundsNumbers() {
    assertThat(check(search(ANY).setK(1000)).k()).isEqualTo(1000);
    refused(search(ANY).setK(1001), ErrorCode.INVALID_ARGUMENT, "k must be 1 to 1000");
    refused(search(ANY).setK(-1), ErrorCode.INVALID_ARGUMENT, "k must be");
    SearchRequest.Builder grouped = search(ANY).setGroupBy("sku");
    assertThat(check(grouped.setGroupSize(10)).groups().orElseThrow().size()).isEqualTo(10);
    refused(grouped.setGroupSize(11), ErrorCode.INVALID_ARGUMENT, "group_size must be 1 to 10");
    refused(grouped.setGroupSize(-1), ErrorCode.INVALID_ARGUMENT, "group_size must be");
    refused(search(ANY).setGroupSize(1), ErrorCode.INVALID_ARGUMENT, "group_size needs group_by");
    refused(
        search(ANY).addAllTokens(Collections.nCopies(1001, "t")),
        ErrorCode.INVALID_ARGUMENT,
        "At most 1000 tokens");
    assertThat(check(search(ANY).addAllTokens(Collections.nCopies(1000, "t"))).tokens())
        .hasSize(1000);
  }

  @ParameterizedTest
  @ValueSource(floats = {-1, 0, 1})
  void acceptsASimilarity(float similarity) {
    assertThat(check(search(ANY).setMinSimilarity(similarity)).minSimilarity())
        .contains(similarity);
  }

  @ParameterizedTest
  @ValueSource(floats = {-1.01f, 1.01f, Float.NaN})
  void refusesASimilarityThatIsNoCosine(float similarity) {
    refused(
        search(ANY).setMinSimilarity(similarity),
        ErrorCode.INVALID_ARGUMENT,
        "min_similarity must be -1 to 1");
  }

  @ParameterizedTest
  @ValueSource(floats = {-1, Float.NaN, Float.POSITIVE_INFINITY})
  void refusesAWeightThatIsNotPositive(float weight) {
    refused(
        search(ANY.toBuilder().setWeight(weight).build()),
        ErrorCode.INVALID_ARGUMENT,
        "weight of an example");
  }

  @Test
  void refusesExamplesThatSayNothing() {
    refused(
        search(Example.getDefaultInstance()),
        ErrorCode.INVALID_ARGUMENT,
        "needs an image, an image id or a vector");
    refused(search(id("")), ErrorCode.INVALID_IMAGE_ID, "empty image id");
    refused(search(image("")), ErrorCode.EMPTY, "no bytes");
    refused(search(ANY).addNegatives(id("")), ErrorCode.INVALID_IMAGE_ID, "empty image id");
  }

  @Test
  void boundsTheBytesOfAnImage() {
    Example most = Example.newBuilder().setImage(ByteString.copyFrom(new byte[32 << 20])).build();
    assertThat(check(search(most)).kind()).isEqualTo(SearchKind.IMAGE);
    Example more =
        Example.newBuilder().setImage(ByteString.copyFrom(new byte[(32 << 20) + 1])).build();
    refused(search(more), ErrorCode.TOO_MANY_BYTES, "32 MiB");
  }

  private static Example region(Example of, float x, float y, float width, float height) {
    return of.toBuilder()
        .setRegion(Region.newBuilder().setX(x).setY(y).setWidth(width).setHeight(height))
        .build();
  }

  @Test
  void aRegionBelongsToAnImage() {
    refused(search(region(ANY, 0, 0, 1, 1)), ErrorCode.INVALID_REGION, "belongs to");
  }

  @ParameterizedTest
  @CsvSource({"0,0,1,1", "0.7,0.1,0.3,0.9", "0.999,0,0.001,1"})
  void acceptsARegion(float x, float y, float width, float height) {
    assertThat(check(search(region(image("i"), x, y, width, height))).positives()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "-0.1,0,1,1",
    "0,-0.1,1,1",
    "1,0,0.1,1",
    "0,1,1,0.1",
    "0,0,0,1",
    "0,0,1,0",
    "0.5,0,0.6,1",
    "0,0.5,1,0.6",
    "NaN,0,1,1",
    "0,0,NaN,1",
    "0,0,1.00001,1"
  })
  void refusesARegionOutsideOfTheImage(float x, float y, float width, float height) {
    refused(
        search(region(image("i"), x, y, width, height)),
        ErrorCode.INVALID_REGION,
        "A region lies within 0..1");
  }

  @Test
  void refusesAFilterThatCannotBeRead() {
    refused(search(ANY).setFilter("price <"), ErrorCode.INVALID_FILTER, "");
  }

  @Test
  void looksAtTheWaitOnlyWhereItIsUsed() {
    Duration tooLong = Duration.newBuilder().setSeconds(61).build();
    assertThat(check(search(ANY).setWait(tooLong)).patience()).hasSeconds(10);
    refused(
        search(ANY).setWait(tooLong).addTokens("t"),
        ErrorCode.INVALID_ARGUMENT,
        "wait must be 0 to 60 seconds");
  }
}
