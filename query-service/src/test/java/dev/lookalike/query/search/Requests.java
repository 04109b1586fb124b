package dev.lookalike.query.search;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.embed.v1.EmbedRefusal;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.embed.v1.Embedding;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.proto.search.v1.Vector;
import dev.lookalike.query.catalog.Lookup;
import dev.lookalike.query.catalog.Registry;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.service.error.RefusedException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Makes requests and what comes of them, for tests. */
final class Requests {
  private Requests() {}

  static final ContentUrls URLS = new ContentUrls("http://images/");

  /** Bounds that no test reaches but those that say so. */
  static final SearchSettings SETTINGS = settings(32, 8, 256);

  static SearchSettings settings(int concurrent, int concurrentImages, int waiting) {
    return new SearchSettings() {
      @Override
      public int maxConcurrent() {
        return concurrent;
      }

      @Override
      public int maxConcurrentImages() {
        return concurrentImages;
      }

      @Override
      public int maxWaiting() {
        return waiting;
      }

      @Override
      public Duration embedTimeout() {
        return Duration.ofSeconds(15);
      }

      @Override
      public Duration bindWait() {
        return Duration.ofSeconds(5);
      }

      @Override
      public Duration comparePatience() {
        return Duration.ofMinutes(30);
      }
    };
  }

  static Lookup.Ready ready(VectorIndex index) {
    return ready(index, "c1", "b1");
  }

  static Lookup.Ready ready(VectorIndex index, String collectionId, String buildId) {
    return new Lookup.Ready(
        Registry.collection(collectionId, "shop"), Registry.live(buildId), index);
  }

  static Example vector(float... values) {
    Vector.Builder vector = Vector.newBuilder();
    for (float value : values) {
      vector.addValues(value);
    }
    return Example.newBuilder().setVector(vector).build();
  }

  static Example id(String imageId) {
    return Example.newBuilder().setImageId(imageId).build();
  }

  static Example image(String bytes) {
    return Example.newBuilder().setImage(ByteString.copyFromUtf8(bytes)).build();
  }

  static SearchRequest.Builder search(Example... positives) {
    return SearchRequest.newBuilder().setCollection("shop").addAllPositives(List.of(positives));
  }

  static EmbedResult embedding(String sha256, float... values) {
    Embedding.Builder embedding = Embedding.newBuilder().setSha256(ByteString.copyFromUtf8(sha256));
    for (float value : values) {
      embedding.addValues(value);
    }
    return EmbedResult.newBuilder().setEmbedding(embedding).build();
  }

  static EmbedResult refusedImage(String code, String message) {
    return EmbedResult.newBuilder()
        .setRefused(EmbedRefusal.newBuilder().setCode(code).setMessage(message))
        .build();
  }

  /** As Searches checks it, without tokens. */
  static Checked.Search checked(SearchRequest.Builder request, VectorIndex index) {
    return checked(request, ready(index));
  }

  static Checked.Search checked(SearchRequest.Builder request, Lookup.Ready ready) {
    return new Checked.Search(
        ready,
        SearchCheck.check(request.build()),
        7,
        request.getCursor().isEmpty()
            ? Optional.empty()
            : Optional.of(Cursor.read(request.getCursor(), 7)),
        List.of());
  }

  static Embedded.Search embedded(
      SearchRequest.Builder request, VectorIndex index, EmbedResult... images) {
    return new Embedded.Search(checked(request, index), List.of(images), "cpu");
  }

  static RefusedException refusal(ThrowingCallable work) {
    RefusedException refused = Assertions.catchThrowableOfType(RefusedException.class, work);
    Assertions.assertThat(refused).as("a refusal").isNotNull();
    return refused;
  }
}
