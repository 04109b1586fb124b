package dev.lookalike.embed.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.lookalike.embed.builds.Reconciliation;
import dev.lookalike.embed.builds.ServedBuild;
import dev.lookalike.embed.builds.ServedBuilds;
import dev.lookalike.embed.infer.TestEmbedders;
import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.model.runtime.OnnxModel;
import dev.lookalike.embed.model.runtime.TestModels;
import dev.lookalike.imaging.Bounds;
import dev.lookalike.imaging.ImageLimits;
import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.embed.v1.QueryImage;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.BuildState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.proto.image.v1.Region;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.configuration.MemorySize;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is refused of a request, and what of one image of it. */
class QueryImagesTest {
  private static final int MAX_BYTES = 1 << 20;

  /** Fails on bright images, each alone. */
  @TempDir Path work;

  private final ServedBuilds builds = new ServedBuilds(Duration.ofMillis(1));
  private OnnxModel model;

  private record Settings(int maxImages) implements QuerySettings {
    @Override
    public int decoders() {
      return 1;
    }

    @Override
    public Duration timeout() {
      return Duration.ofSeconds(30);
    }

    @Override
    public MemorySize maxImageBytes() {
      return new MemorySize(BigInteger.valueOf(MAX_BYTES));
    }

    @Override
    public long maxPixels() {
      return 1_000_000;
    }
  }

  @BeforeEach
  void load() throws IOException {
    model = OnnxModel.load(TestModels.notFiniteOnBright(work.resolve("model")), 1);
  }

  @AfterEach
  void close() {
    model.close();
  }

  private QueryImages images(boolean refusing) {
    return images(16, refusing);
  }

  private QueryImages images(int places, boolean refusing) {
    return new QueryImages(
        builds,
        new Settings(places),
        new ImageLimits(MAX_BYTES, 1_000_000),
        refusing,
        new EmbedMetrics(new SimpleMeterRegistry()));
  }

  private void serve() {
    Collection collection = Collection.newBuilder().setId("c1").setName("shop").build();
    Build build =
        Build.newBuilder()
            .setId("b1")
            .setState(BuildState.BUILD_STATE_LIVE)
            .setModel(model.reference())
            .build();
    CollectionState state = new CollectionState(collection, Map.of("b1", build));
    builds.follow(name -> Optional.of(state).filter(each -> name.equals("shop")));
    builds.tried(Optional.empty());
    builds.decided(
        new Reconciliation.Outcome(
            List.of(new ServedBuild(collection, build, TestEmbedders.of(model, 4))),
            List.of(),
            false));
  }

  private static QueryImage image(byte[] bytes) {
    return QueryImage.newBuilder().setImage(ByteString.copyFrom(bytes)).build();
  }

  private static byte[] grey(int level) throws IOException {
    BufferedImage image = new BufferedImage(20, 20, BufferedImage.TYPE_INT_RGB);
    Graphics2D canvas = image.createGraphics();
    canvas.setColor(new Color(level, level, level));
    canvas.fillRect(0, 0, 20, 20);
    canvas.dispose();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }

  private static EmbedImagesRequest request(String collection, QueryImage... images) {
    return EmbedImagesRequest.newBuilder()
        .setCollectionId(collection)
        .addAllImages(List.of(images))
        .build();
  }

  private static ErrorCode refused(QueryImages images, EmbedImagesRequest request) {
    return catchThrowableOfType(RefusedException.class, () -> images.embed(request)).code();
  }

  @Test
  void beforeTheRegistryIsReadNothingIsSaidOfCollections() throws IOException {
    assertThat(refused(images(false), request("shop", image(grey(100)))))
        .isEqualTo(ErrorCode.BROKER_UNAVAILABLE);
  }

  @Test
  void aRequestIsRefusedWholeWhereNoImageOfItCouldBeEmbedded() throws IOException {
    serve();
    QueryImage good = image(grey(100));
    assertThat(refused(images(false), request("other", good)))
        .isEqualTo(ErrorCode.COLLECTION_NOT_FOUND);
    assertThat(refused(images(false), request("shop", good).toBuilder().setBuildId("b2").build()))
        .isEqualTo(ErrorCode.NOT_BOUND);
    assertThat(refused(images(true), request("shop", good))).isEqualTo(ErrorCode.NOT_BOUND);
    assertThat(refused(images(false), request("shop"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    QueryImage[] many = java.util.Collections.nCopies(17, good).toArray(new QueryImage[0]);
    assertThat(refused(images(false), request("shop", many))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void eachImageHasItsOwnAnswerInOrder() throws IOException {
    serve();
    QueryImage good = image(grey(100));
    QueryImage region =
        good.toBuilder().setRegion(Region.newBuilder().setX(0.9f).setWidth(0.2f)).build();
    EmbedImagesResponse response =
        images(false)
            .embed(
                request(
                    "shop",
                    image("no picture".getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                    good,
                    region,
                    image(new byte[MAX_BYTES + 1]),
                    image(grey(250)),
                    good));
    assertThat(response.getResultsList())
        .extracting(each -> each.hasRefused() ? each.getRefused().getCode() : "")
        .containsExactly(
            "UNKNOWN_FORMAT", "", "INVALID_REGION", "TOO_MANY_BYTES", "EMBEDDING_NOT_FINITE", "");
    EmbedResult embedded = response.getResults(1);
    assertThat(embedded.getEmbedding().getValuesList())
        .hasSize(model.reference().getDimension())
        .isEqualTo(response.getResults(5).getEmbedding().getValuesList());
    assertThat(embedded.getEmbedding().getSha256().size()).isEqualTo(32);
    // What the model said stays in the process.
    assertThat(response.getResults(4).getRefused().getMessage())
        .isEqualTo("the model gives no finite embedding of this image");
    assertThat(response.getBuildId()).isEqualTo("b1");
    assertThat(response.getModel()).isEqualTo(model.reference());
  }

  @Test
  void placesAreTakenForAllImagesOfARequestOrForNone() throws IOException {
    serve();
    QueryImages two = images(2, false);
    QueryImage good = image(grey(100));
    for (int round = 0; round < 3; round++) {
      assertThat(refused(two, request("shop", good, good, good))).isEqualTo(ErrorCode.FULL);
      assertThat(two.embed(request("shop", good, good)).getResultsCount()).isEqualTo(2);
      assertThat(two.queued()).isZero();
    }
  }

  @Test
  void boundsThatACollectionLeavesOutAreTheDefaults() {
    assertThat(QueryImageDecoder.bounds(CanonicalBounds.getDefaultInstance()))
        .isEqualTo(Bounds.DEFAULT);
    Bounds some =
        QueryImageDecoder.bounds(
            CanonicalBounds.newBuilder().setShortSide(100).setMaxBytes(5000).build());
    assertThat(some)
        .isEqualTo(new Bounds(100, Bounds.DEFAULT.longSide(), Bounds.DEFAULT.jpegQuality(), 5000));
  }
}
