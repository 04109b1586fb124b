package dev.lookalike.query.search;

import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.embed.v1.QueryImage;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.query.catalog.IndexKey;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Has the query images of several searches embedded, as many in one call as fit. */
final class ImageBatches {
  /** Images of one call, as the contract of embed-service says. */
  static final int MAX_IMAGES = 16;

  private final Function<EmbedImagesRequest, EmbedImagesResponse> embed;

  /**
   * @param embed answers with one result for each image, or throws a {@link RefusedException}
   */
  ImageBatches(Function<EmbedImagesRequest, EmbedImagesResponse> embed) {
    this.embed = embed;
  }

  /** An image of a search. */
  private record Wanted(int search, QueryImage image) {}

  /** What became of an image. */
  private sealed interface Fate {
    record Answered(EmbedResult result, String device) implements Fate {}

    record Failed(RefusedException why) implements Fate {}
  }

  /** As many outcomes as searches, in their order. A call that fails refuses its searches only. */
  List<Embedded> embed(List<Checked> searches) {
    Map<IndexKey, List<Wanted>> byIndex = new LinkedHashMap<>();
    for (int i = 0; i < searches.size(); i++) {
      if (searches.get(i) instanceof Checked.Search search) {
        IndexKey key = search.ready().key();
        for (Example example : search.query().examples()) {
          if (example.hasImage()) {
            byIndex
                .computeIfAbsent(key, unused -> new ArrayList<>())
                .add(new Wanted(i, image(example)));
          }
        }
      }
    }
    Map<Integer, List<Fate>> fates = new HashMap<>();
    byIndex.forEach((key, wanted) -> embedAll(key, wanted, fates));
    List<Embedded> embedded = new ArrayList<>();
    for (int i = 0; i < searches.size(); i++) {
      embedded.add(
          switch (searches.get(i)) {
            case Refused refused -> refused;
            case Checked.Search search -> outcome(search, fates.getOrDefault(i, List.of()));
          });
    }
    return embedded;
  }

  private static QueryImage image(Example example) {
    QueryImage.Builder image = QueryImage.newBuilder().setImage(example.getImage());
    if (example.hasRegion()) {
      image.setRegion(example.getRegion());
    }
    return image.build();
  }

  private void embedAll(IndexKey key, List<Wanted> images, Map<Integer, List<Fate>> fates) {
    List<Wanted> call = new ArrayList<>();
    long bytes = 0;
    for (Wanted wanted : images) {
      int size = wanted.image().getImage().size();
      if (call.size() == MAX_IMAGES
          || (!call.isEmpty() && bytes + size > SearchCheck.MAX_IMAGE_BYTES)) {
        embedCall(key, call, fates);
        call.clear();
        bytes = 0;
      }
      call.add(wanted);
      bytes += size;
    }
    embedCall(key, call, fates);
  }

  private void embedCall(IndexKey key, List<Wanted> images, Map<Integer, List<Fate>> fates) {
    List<Fate> answers = ask(key, images);
    for (int i = 0; i < images.size(); i++) {
      fates
          .computeIfAbsent(images.get(i).search(), unused -> new ArrayList<>())
          .add(answers.get(i));
    }
  }

  private List<Fate> ask(IndexKey key, List<Wanted> images) {
    EmbedImagesRequest.Builder request =
        EmbedImagesRequest.newBuilder()
            .setCollectionId(key.collectionId())
            .setBuildId(key.buildId());
    images.forEach(wanted -> request.addImages(wanted.image()));
    try {
      EmbedImagesResponse response = embed.apply(request.build());
      if (!response.getBuildId().isEmpty() && !response.getBuildId().equals(key.buildId())) {
        throw new RefusedException(
            ErrorCode.EMBED_UNAVAILABLE, "The embedding service has another model than the index.");
      }
      return response.getResultsList().stream()
          .<Fate>map(result -> new Fate.Answered(result, response.getDevice()))
          .toList();
    } catch (RefusedException e) {
      return images.stream().<Fate>map(image -> new Fate.Failed(e)).toList();
    }
  }

  private static Embedded outcome(Checked.Search search, List<Fate> fates) {
    List<EmbedResult> results = new ArrayList<>();
    String device = "";
    for (Fate fate : fates) {
      switch (fate) {
        case Fate.Failed failed -> {
          return new Refused(failed.why());
        }
        case Fate.Answered answered -> {
          results.add(answered.result());
          device = answered.device();
        }
      }
    }
    return new Embedded.Search(search, results, device);
  }
}
