package dev.lookalike.embed.grpc;

import dev.lookalike.embed.builds.ServedModels;
import dev.lookalike.embed.query.QueryImages;
import dev.lookalike.embed.teaching.Lessons;
import dev.lookalike.proto.embed.v1.EmbedGrpc.EmbedImplBase;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.GetClassifierRequest;
import dev.lookalike.proto.embed.v1.GetClassifierResponse;
import dev.lookalike.proto.embed.v1.ListModelsRequest;
import dev.lookalike.proto.embed.v1.ListModelsResponse;
import dev.lookalike.service.access.Caller;
import dev.lookalike.service.error.GrpcErrors;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import java.util.function.Supplier;

/** The Embed service of embed.proto. */
@GrpcService
@Blocking
public class EmbedGrpc extends EmbedImplBase {
  private final QueryImages images;
  private final ServedModels models;
  private final Lessons lessons;

  public EmbedGrpc(QueryImages images, ServedModels models, Lessons lessons) {
    this.images = images;
    this.models = models;
    this.lessons = lessons;
  }

  @Override
  public void embedImages(
      EmbedImagesRequest request, StreamObserver<EmbedImagesResponse> responses) {
    answer(responses, () -> images.embed(request));
  }

  @Override
  public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> responses) {
    Caller caller = Caller.ofCall();
    answer(responses, () -> models.list(caller::mayRead));
  }

  @Override
  public void getClassifier(
      GetClassifierRequest request, StreamObserver<GetClassifierResponse> responses) {
    answer(responses, () -> lessons.describe(request.getCollection()));
  }

  private static <T> void answer(StreamObserver<T> responses, Supplier<T> work) {
    T answer;
    try {
      answer = work.get();
    } catch (RuntimeException e) {
      responses.onError(GrpcErrors.of(e));
      return;
    }
    responses.onNext(answer);
    responses.onCompleted();
  }
}
