package dev.lookalike.query.search;

import static dev.lookalike.query.index.Images.number;
import static dev.lookalike.query.index.Images.text;
import static dev.lookalike.query.search.Requests.embedded;
import static dev.lookalike.query.search.Requests.embedding;
import static dev.lookalike.query.search.Requests.id;
import static dev.lookalike.query.search.Requests.image;
import static dev.lookalike.query.search.Requests.refusal;
import static dev.lookalike.query.search.Requests.search;
import static dev.lookalike.query.search.Requests.vector;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.proto.search.v1.Hit;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.proto.search.v1.SearchResponse;
import dev.lookalike.proto.search.v1.TokenStatus;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Progress;
import dev.lookalike.query.index.RecordingIndex;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AnswersTest {
  private static final Example ALONG = vector(1, 0);

  private final Answers answers = new Answers(Requests.URLS);
  private final RecordingIndex index = new RecordingIndex(2);

  /** i0 is nearest to (1, 0), then i1, and so on; of three SKUs in turn. */
  private void images(int count) {
    index.apply(
        IntStream.range(0, count)
            .<dev.lookalike.query.index.Change>mapToObj(
                i ->
                    Images.embedded(
                        "i" + i,
                        i,
                        Map.of("n", number(i), "sku", text("s" + i % 3)),
                        1,
                        i / (float) count))
            .toList(),
        Progress.NONE);
  }

  private SearchResponse answer(SearchRequest.Builder request) {
    return answers.answer(embedded(request, index));
  }

  private static List<String> ids(SearchResponse response) {
    return response.getHitsList().stream().map(Hit::getImageId).toList();
  }

  private static List<String> named(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "i" + i).toList();
  }

  @Test
  void aHitSaysWhatTheIndexKnows() {
    images(3);
    SearchResponse response = answer(search(ALONG).setK(1).setIncludeVectors(true));
    Hit hit = response.getHits(0);
    assertThat(hit.getImageId()).isEqualTo("i0");
    assertThat(hit.getSimilarity()).isEqualTo(1);
    assertThat(hit.getAttributesMap()).containsEntry("n", number(0));
    assertThat(hit.getLabels(0).getName()).isEqualTo("seen");
    assertThat(hit.getVersion()).isEqualTo(Images.version(0));
    assertThat(hit.getVector().getValuesList()).containsExactly(1f, 0f);
    assertThat(hit.getContentUrl())
        .isEqualTo("http://images/v1/collections/c1/images/i0/content?version=1.0.0");
    assertThat(hit.getThumbnailUrl())
        .isEqualTo(
            "http://images/v1/collections/c1/images/i0/content?variant=thumbnail&version=1.0.0");
    assertThat(hit.hasGroup()).isFalse();
    assertThat(response.getModel().getId()).isEqualTo("tiny");
    assertThat(response.getBuildId()).isEqualTo("b1");
    assertThat(answer(search(ALONG).setK(1)).getHits(0).hasVector()).isFalse();
  }

  @Test
  void saysTheDeviceAndWhatItWaitedFor() {
    images(1);
    Embedded.Search embedded = embedded(search(image("a")), index, embedding("a", 1, 0));
    TokenStatus token =
        TokenStatus.newBuilder().setState(ImageState.IMAGE_STATE_SEARCHABLE).build();
    Checked.Search checked = embedded.checked();
    SearchResponse response =
        answers.answer(
            new Embedded.Search(
                new Checked.Search(
                    checked.ready(),
                    checked.query(),
                    checked.fingerprint(),
                    checked.cursor(),
                    List.of(token)),
                embedded.images(),
                "cuda"));
    assertThat(response.getDevice()).isEqualTo("cuda");
    assertThat(response.getTokensList()).containsExactly(token);
  }

  @Test
  void pagesFollowOneAnotherToTheLast() {
    images(5);
    SearchResponse first = answer(search(ALONG).setK(2));
    assertThat(ids(first)).containsExactly("i0", "i1");
    SearchResponse second = answer(search(ALONG).setK(2).setCursor(first.getNextCursor()));
    assertThat(ids(second)).containsExactly("i2", "i3");
    assertThat(Cursor.read(second.getNextCursor(), 7).depth()).isEqualTo(4);
    SearchResponse third = answer(search(ALONG).setK(2).setCursor(second.getNextCursor()));
    assertThat(ids(third)).containsExactly("i4");
    assertThat(third.getNextCursor()).isEmpty();
    assertThat(index.asked).as("from the top, without a place").hasSize(3);
    assertThat(index.asked).allMatch(nearest -> nearest.after().isEmpty());
    assertThat(index.asked).extracting(Nearest::k).containsExactly(3, 5, 7);
  }

  @Test
  void aPageThatIsJustFullIsTheLast() {
    images(2);
    SearchResponse response = answer(search(ALONG).setK(2));
    assertThat(ids(response)).containsExactly("i0", "i1");
    assertThat(response.getNextCursor()).isEmpty();
  }

  private String cursor(int depth) {
    return cursor(depth, depth - 1);
  }

  /** After so many hits, the last of which was image {@code last}. */
  private String cursor(int depth, int last) {
    Hit hit = answer(search(ALONG).setK(1).setFilter("n == %d.0".formatted(last))).getHits(0);
    index.asked.clear();
    return new Cursor(7, depth, hit.getSimilarity(), hit.getImageId()).text();
  }

  @Test
  void pagesBeyond1000AreExact() {
    images(1100);
    assertThat(ids(answer(search(ALONG).setK(10).setCursor(cursor(990)))))
        .isEqualTo(named(990, 1000));
    assertThat(index.asked)
        .extracting(nearest -> nearest.after().isPresent())
        .containsExactly(false);
    assertThat(index.asked.getFirst().k()).isEqualTo(1001);
    SearchResponse deep = answer(search(ALONG).setK(10).setCursor(cursor(991)));
    assertThat(ids(deep)).isEqualTo(named(991, 1001));
    assertThat(index.asked).hasSize(1);
    assertThat(index.asked.getFirst().after()).isPresent();
    assertThat(index.asked.getFirst().k()).isEqualTo(11);
    assertThat(deep.getNextCursor()).isNotEmpty();
  }

  @Test
  void anExactSearchGoesOnFromItsPlace() {
    images(9);
    assertThat(ids(answer(search(ALONG).setK(2).setExact(true).setCursor(cursor(2)))))
        .containsExactly("i2", "i3");
    assertThat(index.asked).hasSize(1).allMatch(nearest -> nearest.exact());
    assertThat(index.asked.getFirst().after()).isPresent();
  }

  @Test
  void whereTheIndexHasChangedAPageIsStillWhole() {
    images(20);
    // Ten nearer images have come since: the first 5 + 1 are all before the place.
    assertThat(ids(answer(search(ALONG).setK(3).setCursor(cursor(2, 11)))))
        .containsExactly("i12", "i13", "i14");
    assertThat(index.asked).hasSize(2);
    assertThat(index.asked.get(1).after()).isPresent();
    assertThat(index.asked.get(1).k()).isEqualTo(4);
  }

  @Test
  void whatIsLessSimilarIsLeftOut() {
    images(10);
    float least = answer(search(ALONG).setK(10)).getHits(4).getSimilarity();
    SearchResponse some = answer(search(ALONG).setK(10).setMinSimilarity(least));
    assertThat(ids(some)).isEqualTo(named(0, 5));
    assertThat(answer(search(ALONG).setK(5).setMinSimilarity(least)).getNextCursor())
        .as("nothing similar enough follows")
        .isEmpty();
  }

  @Test
  void theFilterIsAppliedAndTheExamplesAreLeftOutWhereAsked() {
    images(6);
    assertThat(ids(answer(search(id("i2")).setFilter("n < 4")))).contains("i2").hasSize(4);
    assertThat(ids(answer(search(id("i2")).setFilter("n < 4").setExcludeSelf(true))))
        .containsExactlyInAnyOrder("i0", "i1", "i3");
  }

  private SearchRequest.Builder grouped(int size) {
    return search(ALONG).setGroupBy("sku").setGroupSize(size);
  }

  @Test
  void groupsHaveTheirBestMembersAndTheirSize() {
    images(8);
    SearchResponse response = answer(grouped(2).setK(2));
    assertThat(ids(response)).containsExactly("i0", "i3", "i1", "i4");
    assertThat(response.getHits(0).getGroup().getValue()).isEqualTo(text("s0"));
    assertThat(response.getHits(0).getGroup().getSize()).isEqualTo(3);
    assertThat(response.getHits(3).getGroup().getValue()).isEqualTo(text("s1"));
    assertThat(response.getNextCursor()).isNotEmpty();
    SearchResponse rest = answer(grouped(2).setK(2).setCursor(response.getNextCursor()));
    assertThat(ids(rest)).containsExactly("i2", "i5");
    assertThat(rest.getHits(0).getGroup().getSize()).isEqualTo(2);
    assertThat(rest.getNextCursor()).isEmpty();
    assertThat(ids(answer(grouped(2).setK(2).setFilter("n != 3.0"))))
        .as("of what the filter admits")
        .containsExactly("i0", "i6", "i1", "i4");
  }

  @Test
  void aPageOfGroupsThatIsJustFullIsTheLast() {
    images(3);
    assertThat(answer(grouped(1).setK(3)).getNextCursor()).isEmpty();
  }

  @Test
  void anImageWithoutTheAttributeIsAGroupOfItsOwn() {
    index.apply(
        List.of(Images.embedded("one", 0, 1, 0), Images.embedded("two", 1, 1, 0.1f)),
        Progress.NONE);
    SearchResponse response = answer(grouped(2));
    assertThat(ids(response)).containsExactly("one", "two");
    assertThat(response.getHits(0).getGroup().hasValue()).isFalse();
    assertThat(response.getHits(0).getGroup().getSize()).isEqualTo(1);
  }

  @Test
  void groupsKeepOutWhatIsLessSimilar() {
    images(9);
    float least = answer(search(ALONG).setK(9)).getHits(3).getSimilarity();
    assertThat(ids(answer(grouped(2).setMinSimilarity(least))))
        .containsExactly("i0", "i3", "i1", "i2");
  }

  @Test
  void groupsCannotBePagedWithoutEnd() {
    images(1);
    String last = new Cursor(7, 9_990, 0, "").text();
    assertThat(ids(answer(grouped(1).setK(10).setCursor(last)))).isEmpty();
    RefusedException refused = refusal(() -> answer(grouped(1).setK(11).setCursor(last)));
    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_CURSOR);
    assertThat(refused.detail()).contains("10000");
  }

  @Test
  void aUrlSurvivesWhateverAnIdIsMadeOf() {
    index.apply(List.of(Images.embedded("a b/ü+", 0, 1, 0)), Progress.NONE);
    assertThat(answer(search(ALONG)).getHits(0).getContentUrl())
        .isEqualTo(
            "http://images/v1/collections/c1/images/a%20b%2F%C3%BC%2B/content?version=1.0.0");
    assertThat(new ContentUrls("http://images")).isEqualTo(Requests.URLS);
  }
}
