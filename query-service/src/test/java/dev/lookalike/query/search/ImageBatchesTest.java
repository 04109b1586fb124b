package dev.lookalike.query.search;

import static dev.lookalike.query.search.Requests.checked;
import static dev.lookalike.query.search.Requests.embedding;
import static dev.lookalike.query.search.Requests.image;
import static dev.lookalike.query.search.Requests.ready;
import static dev.lookalike.query.search.Requests.search;
import static dev.lookalike.query.search.Requests.vector;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.image.v1.Region;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.query.index.RecordingIndex;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageBatchesTest {
  private final List<EmbedImagesRequest> calls = new ArrayList<>();
  private final RecordingIndex index = new RecordingIndex(2);
  private final ImageBatches batches = new ImageBatches(this::embed);

  /** Gives back the bytes of each image as its checksum; refuses a call with an image "bad". */
  private EmbedImagesResponse embed(EmbedImagesRequest request) {
    calls.add(request);
    EmbedImagesResponse.Builder response = EmbedImagesResponse.newBuilder().setDevice("cuda");
    request
        .getImagesList()
        .forEach(
            image -> {
              String bytes = image.getImage().toStringUtf8();
              if (bytes.equals("bad")) {
                throw new RefusedException(ErrorCode.FULL, "Full.");
              }
              if (bytes.equals("other model")) {
                response.setBuildId("b9");
              }
              response.addResults(embedding(bytes, 1, 0));
            });
    return response.build();
  }

  private Checked.Search of(Example... examples) {
    return checked(search(examples), index);
  }

  private static List<String> images(Embedded embedded) {
    assertThat(embedded).isInstanceOf(Embedded.Search.class);
    return ((Embedded.Search) embedded)
        .images().stream()
            .map(EmbedResult::getEmbedding)
            .map(it -> it.getSha256().toStringUtf8())
            .toList();
  }

  @Test
  void imagesOfSeveralSearchesGoInOneCallAndComeBackToTheirs() {
    RefusedException refused = new RefusedException(ErrorCode.INVALID_ARGUMENT, "No.");
    SearchRequest.Builder both = search(image("b"), vector(1, 0)).addNegatives(image("c"));
    List<Checked> searches =
        List.of(of(image("a")), new Refused(refused), of(vector(1, 0)), checked(both, index));
    List<Embedded> embedded = batches.embed(searches);
    assertThat(calls).hasSize(1);
    assertThat(calls.get(0).getCollectionId()).isEqualTo("c1");
    assertThat(calls.get(0).getBuildId()).isEqualTo("b1");
    assertThat(embedded).hasSize(4);
    assertThat(images(embedded.get(0))).containsExactly("a");
    assertThat(embedded.get(1)).isEqualTo(new Refused(refused));
    assertThat(images(embedded.get(2))).isEmpty();
    assertThat(images(embedded.get(3))).containsExactly("b", "c");
    assertThat(((Embedded.Search) embedded.get(0)).device()).isEqualTo("cuda");
    assertThat(((Embedded.Search) embedded.get(0)).checked()).isSameAs(searches.get(0));
    assertThat(((Embedded.Search) embedded.get(2)).device()).isEmpty();
  }

  @Test
  void withoutImagesNobodyIsAsked() {
    assertThat(batches.embed(List.of(of(vector(1, 0))))).hasSize(1);
    assertThat(calls).isEmpty();
  }

  @Test
  void eachBuildOfEachCollectionIsACallOfItsOwn() {
    Checked other = checked(search(image("b")), ready(index, "c2", "b1"));
    Checked next = checked(search(image("c")), ready(index, "c1", "b2"));
    batches.embed(List.of(of(image("a")), other, next, of(image("d"))));
    assertThat(calls)
        .extracting(
            call -> call.getCollectionId() + "/" + call.getBuildId() + ":" + call.getImagesCount())
        .containsExactly("c1/b1:2", "c2/b1:1", "c1/b2:1");
  }

  @Test
  void aCallHas16ImagesAtMost() {
    Example[] many = new Example[33];
    for (int i = 0; i < many.length; i++) {
      many[i] = image("i" + i);
    }
    List<Embedded> embedded = batches.embed(List.of(of(many)));
    assertThat(calls).extracting(EmbedImagesRequest::getImagesCount).containsExactly(16, 16, 1);
    assertThat(images(embedded.get(0))).hasSize(33).startsWith("i0").endsWith("i32");
  }

  @Test
  void aCallHasTheBytesOfOneLargeImageAtMost() {
    ByteString half = ByteString.copyFrom(new byte[16 << 20]);
    Example large = Example.newBuilder().setImage(half).build();
    batches.embed(List.of(of(large, large, image("x"), large)));
    assertThat(calls).extracting(EmbedImagesRequest::getImagesCount).containsExactly(2, 2);
    calls.clear();
    Example whole = Example.newBuilder().setImage(half.concat(half)).build();
    batches.embed(List.of(of(whole, whole)));
    assertThat(calls).extracting(EmbedImagesRequest::getImagesCount).containsExactly(1, 1);
  }

  @Test
  void aRegionGoesWithItsImage() {
    Region region = Region.newBuilder().setWidth(0.5f).setHeight(1).build();
    batches.embed(List.of(of(image("a").toBuilder().setRegion(region).build(), image("b"))));
    assertThat(calls.get(0).getImages(0).getRegion()).isEqualTo(region);
    assertThat(calls.get(0).getImages(1).hasRegion()).isFalse();
  }

  @Test
  void aCallThatFailsRefusesItsSearchesOnly() {
    List<Checked> searches =
        new ArrayList<>(Collections.nCopies(16, checked(search(image("a")), index)));
    searches.add(of(image("bad")));
    searches.add(of(image("b"), image("c")));
    List<Embedded> embedded = batches.embed(searches);
    assertThat(embedded.subList(0, 16)).allMatch(Embedded.Search.class::isInstance);
    assertThat(embedded.subList(16, 18)).hasSize(2).allMatch(Refused.class::isInstance);
    assertThat(((Refused) embedded.get(17)).why().code()).isEqualTo(ErrorCode.FULL);
  }

  @Test
  void aSearchWhoseImagesAreInTwoCallsNeedsBoth() {
    Example[] many = new Example[17];
    java.util.Arrays.fill(many, image("a"));
    many[16] = image("bad");
    assertThat(batches.embed(List.of(of(many))).get(0)).isInstanceOf(Refused.class);
  }

  @Test
  void vectorsOfAnotherModelAreNotUsed() {
    Embedded embedded = batches.embed(List.of(of(image("other model")))).get(0);
    assertThat(embedded).isInstanceOf(Refused.class);
    assertThat(((Refused) embedded).why().code()).isEqualTo(ErrorCode.EMBED_UNAVAILABLE);
  }
}
