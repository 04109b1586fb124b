package dev.lookalike.query.search;

import static dev.lookalike.query.search.Requests.embedded;
import static dev.lookalike.query.search.Requests.embedding;
import static dev.lookalike.query.search.Requests.id;
import static dev.lookalike.query.search.Requests.image;
import static dev.lookalike.query.search.Requests.refusal;
import static dev.lookalike.query.search.Requests.refusedImage;
import static dev.lookalike.query.search.Requests.search;
import static dev.lookalike.query.search.Requests.vector;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.RecordingIndex;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QueryVectorTest {
  private static final Offset<Float> TINY = Offset.offset(1e-6f);

  private final RecordingIndex index =
      RecordingIndex.of(
          2,
          Images.embedded("shoe", 0, 0, 1),
          Images.rejected("bad", 1),
          Images.removed("gone", 2));

  private static Filter original(String sha256) {
    return new Filter.OriginalIs(ByteString.copyFromUtf8(sha256));
  }

  @Test
  void aVectorIsNormalisedAndNobodysImage() {
    QueryVector query = QueryVector.of(embedded(search(vector(0, 5)), index));
    assertThat(query.values()).containsExactly(new float[] {0, 1}, TINY);
    assertThat(query.examples()).isEqualTo(new Filter.Or(List.of()));
  }

  @Test
  void anIdIsThatImageAndEveryCopyOfItsFile() {
    QueryVector query = QueryVector.of(embedded(search(id("shoe")), index));
    assertThat(query.values()).containsExactly(new float[] {0, 1}, TINY);
    assertThat(query.examples())
        .isEqualTo(
            new Filter.Or(List.of(new Filter.IdOneOf(List.of("shoe")), original("sha-shoe"))));
  }

  @Test
  void anIdThatIsNotSearchableIsNotFound() {
    for (String unknown : List.of("nobody", "bad", "gone")) {
      RefusedException refused =
          refusal(() -> QueryVector.of(embedded(search(id(unknown)), index)));
      assertThat(refused.code()).isEqualTo(ErrorCode.IMAGE_NOT_FOUND);
      assertThat(refused.detail()).contains(unknown);
    }
    String longId = "x".repeat(65);
    assertThat(refusal(() -> QueryVector.of(embedded(search(id(longId)), index))).detail())
        .contains(" " + "x".repeat(64) + "... ");
  }

  @Test
  void imagesAreTakenInTheOrderOfTheExamples() {
    QueryVector query =
        QueryVector.of(
            embedded(
                search(image("a"), vector(1, 0)).addNegatives(image("b")),
                index,
                embedding("sha-a", 1, 0),
                embedding("", 0, 1)));
    float length = (float) Math.sqrt(5);
    assertThat(query.values()).containsExactly(new float[] {2 / length, -1 / length}, TINY);
    assertThat(query.examples()).isEqualTo(new Filter.Or(List.of(original("sha-a"))));
  }

  @Test
  void aWeightOfZeroIsTheDefaultOne() {
    QueryVector query =
        QueryVector.of(
            embedded(
                search(
                    vector(1, 0).toBuilder().setWeight(3).build(),
                    vector(0, 1).toBuilder().setWeight(0).build()),
                index));
    float length = (float) Math.sqrt(10);
    assertThat(query.values()).containsExactly(new float[] {3 / length, 1 / length}, TINY);
  }

  @ParameterizedTest
  @EnumSource(
      value = ErrorCode.class,
      names = {"UNKNOWN_FORMAT", "MODEL_FAILED", "EMBEDDING_ZERO", "EMBEDDING_NOT_FINITE"})
  void theRefusalOfAnImageIsPassedOn(ErrorCode code) {
    RefusedException refused =
        refusal(
            () ->
                QueryVector.of(
                    embedded(search(image("a")), index, refusedImage(code.name(), "So it is."))));
    assertThat(refused.code()).isEqualTo(code);
    assertThat(refused.detail()).isEqualTo("So it is.");
  }

  @Test
  void aCodeOfALaterReleaseIsAnInvalidArgument() {
    EmbedResult later = refusedImage("TOO_BEAUTIFUL", "No.");
    assertThat(refusal(() -> QueryVector.of(embedded(search(image("a")), index, later))).code())
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void vectorsThatDoNotFitAreWhoeversGaveThem() {
    assertThat(refusal(() -> QueryVector.of(embedded(search(vector(1)), index))).code())
        .isEqualTo(ErrorCode.INVALID_VECTOR);
    assertThat(
            refusal(
                    () ->
                        QueryVector.of(
                            embedded(search(image("a")), index, embedding("a", 1, 0, 0))))
                .code())
        .isEqualTo(ErrorCode.EMBED_UNAVAILABLE);
  }
}
