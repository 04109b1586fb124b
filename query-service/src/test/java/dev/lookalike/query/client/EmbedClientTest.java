package dev.lookalike.query.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.embed.v1.EmbedGrpc;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.embed.v1.QueryImage;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.GrpcErrors;
import dev.lookalike.service.error.RefusedException;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Against a server of gRPC in this process. */
@Timeout(60)
class EmbedClientTest {
  private static final Metadata.Key<String> KEY =
      Metadata.Key.of("key", Metadata.ASCII_STRING_MARSHALLER);
  private static final EmbedImagesRequest REQUEST =
      EmbedImagesRequest.newBuilder()
          .setCollectionId("c1")
          .setBuildId("b1")
          .addImages(QueryImage.newBuilder().setImage(ByteString.copyFromUtf8("image")))
          .build();
  private static final EmbedImagesResponse ANSWER =
      EmbedImagesResponse.newBuilder()
          .setDevice("cpu")
          .addResults(EmbedResult.getDefaultInstance())
          .build();

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private volatile EmbedImagesRequest asked = EmbedImagesRequest.getDefaultInstance();
  private volatile String key = "";
  private volatile Consumer<StreamObserver<EmbedImagesResponse>> answer =
      observer -> {
        observer.onNext(ANSWER);
        observer.onCompleted();
      };
  private Server server;
  private EmbedClient client;

  @BeforeEach
  void start() throws IOException {
    server =
        ServerBuilder.forPort(0)
            .intercept(new KeyReader())
            .addService(
                new EmbedGrpc.EmbedImplBase() {
                  @Override
                  public void embedImages(
                      EmbedImagesRequest request, StreamObserver<EmbedImagesResponse> observer) {
                    asked = request;
                    answer.accept(observer);
                  }
                })
            .build()
            .start();
    client = client(Duration.ofSeconds(30));
  }

  private EmbedClient client(Duration timeout) {
    return new EmbedClient(
        "127.0.0.1:" + server.getPort(), new KeyWriter(), timeout, new QueryMetrics(meters));
  }

  @AfterEach
  void stop() {
    client.close();
    server.shutdownNow();
  }

  private final class KeyReader implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      key = String.valueOf(headers.get(KEY));
      return next.startCall(call, headers);
    }
  }

  private static final class KeyWriter implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new ForwardingClientCall.SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<A> listener, Metadata headers) {
          headers.put(KEY, "of this service");
          super.start(listener, headers);
        }
      };
    }
  }

  private RefusedException refused() {
    RefusedException refused =
        Assertions.catchThrowableOfType(RefusedException.class, () -> client.embed(REQUEST));
    assertThat(refused).as("a refusal").isNotNull();
    return refused;
  }

  private RefusedException refusedAfter(Exception e) {
    answer = observer -> observer.onError(e);
    return refused();
  }

  @Test
  void asksWithItsKeyAndMeasures() {
    assertThat(client.embed(REQUEST)).isEqualTo(ANSWER);
    assertThat(asked).isEqualTo(REQUEST);
    assertThat(key).isEqualTo("of this service");
    assertThat(meters.get("lookalike.query.embed").timer().count()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = ErrorCode.class,
      names = {
        "MODEL_FAILED",
        "EMBEDDING_ZERO",
        "EMBEDDING_NOT_FINITE",
        "UNKNOWN_FORMAT",
        "TOO_MANY_PIXELS",
        "INVALID_ARGUMENT",
        "FULL"
      })
  void whatIsSaidOfTheRequestIsPassedOn(ErrorCode code) {
    RefusedException refused = refusedAfter(GrpcErrors.of(new RefusedException(code, "So it is.")));
    assertThat(refused.code()).isEqualTo(code);
    assertThat(refused.detail()).isEqualTo("So it is.");
    assertThat(refused.code().retryable()).isEqualTo(code == ErrorCode.FULL);
  }

  @ParameterizedTest
  @EnumSource(
      value = ErrorCode.class,
      names = {
        "UNAUTHENTICATED",
        "PERMISSION_DENIED",
        "COLLECTION_NOT_FOUND",
        "NOT_BOUND",
        "BROKER_UNAVAILABLE",
        "INTERNAL"
      })
  void whatIsTheServicesOwnTroubleIsNot(ErrorCode code) {
    RefusedException refused =
        refusedAfter(GrpcErrors.of(new RefusedException(code, "Of the inside.")));
    assertThat(refused.code()).isEqualTo(ErrorCode.EMBED_UNAVAILABLE);
    assertThat(refused.detail()).doesNotContain("inside");
    assertThat(refused.code().retryable()).isTrue();
  }

  @Test
  void aStatusWithoutACodeOfOursIsTrouble() {
    assertThat(refusedAfter(Status.INVALID_ARGUMENT.asRuntimeException()).code())
        .isEqualTo(ErrorCode.EMBED_UNAVAILABLE);
  }

  @Test
  void oneThatDoesNotAnswerIsUnavailable() {
    answer = observer -> {};
    try (EmbedClient hasty = client(Duration.ofMillis(100))) {
      RefusedException late =
          Assertions.catchThrowableOfType(RefusedException.class, () -> hasty.embed(REQUEST));
      assertThat(late.code()).isEqualTo(ErrorCode.EMBED_UNAVAILABLE);
    }
    server.shutdownNow();
    assertThat(refused().code()).isEqualTo(ErrorCode.EMBED_UNAVAILABLE);
  }

  @Test
  void asManyResultsAsImagesAreNeeded() {
    answer =
        observer -> {
          observer.onNext(ANSWER.toBuilder().clearResults().build());
          observer.onCompleted();
        };
    assertThat(refused().code()).isEqualTo(ErrorCode.EMBED_UNAVAILABLE);
  }
}
