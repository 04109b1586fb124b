package dev.lookalike.ingest.grpc;

import dev.lookalike.ingest.classifiers.Classifiers;
import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.collections.CollectionCommands;
import dev.lookalike.ingest.collections.Descriptions;
import dev.lookalike.ingest.collections.NewCollection;
import dev.lookalike.ingest.content.Contents;
import dev.lookalike.ingest.images.Accepted;
import dev.lookalike.ingest.images.Images;
import dev.lookalike.ingest.images.Patch;
import dev.lookalike.ingest.images.Patches;
import dev.lookalike.ingest.images.PutCommand;
import dev.lookalike.ingest.metrics.IngestMetrics.Operation;
import dev.lookalike.ingest.metrics.Operations;
import dev.lookalike.ingest.uploads.UploadPolicy;
import dev.lookalike.ingest.uploads.UploadSettings;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.ingest.v1.AttributePatch;
import dev.lookalike.proto.ingest.v1.CollectionInfo;
import dev.lookalike.proto.ingest.v1.CreateCollectionRequest;
import dev.lookalike.proto.ingest.v1.DeleteCollectionRequest;
import dev.lookalike.proto.ingest.v1.DeleteCollectionResponse;
import dev.lookalike.proto.ingest.v1.DeleteImageRequest;
import dev.lookalike.proto.ingest.v1.DeleteImageResponse;
import dev.lookalike.proto.ingest.v1.DeleteImagesRequest;
import dev.lookalike.proto.ingest.v1.DeleteImagesResponse;
import dev.lookalike.proto.ingest.v1.GetCollectionRequest;
import dev.lookalike.proto.ingest.v1.GetContentRequest;
import dev.lookalike.proto.ingest.v1.GetContentResponse;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.proto.ingest.v1.ListCollectionsRequest;
import dev.lookalike.proto.ingest.v1.ListCollectionsResponse;
import dev.lookalike.proto.ingest.v1.PatchImageRequest;
import dev.lookalike.proto.ingest.v1.PatchImageResponse;
import dev.lookalike.proto.ingest.v1.PatchImagesRequest;
import dev.lookalike.proto.ingest.v1.PatchImagesResponse;
import dev.lookalike.proto.ingest.v1.PutClassifierRequest;
import dev.lookalike.proto.ingest.v1.PutClassifierResponse;
import dev.lookalike.proto.ingest.v1.PutImageRequest;
import dev.lookalike.proto.ingest.v1.PutImageResponse;
import dev.lookalike.proto.ingest.v1.PutImagesResponse;
import dev.lookalike.proto.ingest.v1.RemoveClassifierRequest;
import dev.lookalike.proto.ingest.v1.RemoveClassifierResponse;
import dev.lookalike.proto.ingest.v1.RenameCollectionRequest;
import dev.lookalike.proto.ingest.v1.RetryImageRequest;
import dev.lookalike.proto.ingest.v1.RetryImageResponse;
import dev.lookalike.service.access.Caller;
import dev.lookalike.service.admission.Admission;
import dev.lookalike.service.admission.Arrival;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.GrpcErrors;
import dev.lookalike.service.error.RefusedException;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import io.vertx.core.Vertx;
import jakarta.annotation.PreDestroy;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * The gRPC contract. Calls arrive on an event loop and are done on virtual threads; {@link
 * dev.lookalike.service.admission.CallGate} lets the bytes of uploads in.
 */
@GrpcService
public class IngestRpc implements BindableService, IngestGrpc.AsyncService {
  private final Images images;
  private final Patches patches;
  private final Contents contents;
  private final Catalogue catalogue;
  private final CollectionCommands commands;
  private final Descriptions descriptions;
  private final Classifiers classifiers;
  private final Operations operations;
  private final Admission admission;
  private final UploadPolicy policy;
  private final Vertx vertx;
  private final long maxImageBytes;
  private final ExecutorService workers =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("call-", 0).factory());

  public IngestRpc(
      Images images,
      Patches patches,
      Contents contents,
      Catalogue catalogue,
      CollectionCommands commands,
      Descriptions descriptions,
      Classifiers classifiers,
      Operations operations,
      Admission admission,
      UploadPolicy policy,
      UploadSettings uploads,
      Vertx vertx) {
    this.images = images;
    this.patches = patches;
    this.contents = contents;
    this.catalogue = catalogue;
    this.commands = commands;
    this.descriptions = descriptions;
    this.classifiers = classifiers;
    this.operations = operations;
    this.admission = admission;
    this.policy = policy;
    this.vertx = vertx;
    this.maxImageBytes = uploads.maxImageBytes().asLongValue();
  }

  @Override
  public ServerServiceDefinition bindService() {
    return PutImageMarshaller.in(IngestGrpc.bindService(this));
  }

  @Override
  public void putImage(PutImageRequest request, StreamObserver<PutImageResponse> answer) {
    shrink(request.getSerializedSize());
    answer(answer, () -> operations.count(Operation.PUT, () -> put(request)));
  }

  /** Gives back what the message of the present call turned out not to need. */
  private static void shrink(long needed) {
    Arrival arrival = Arrival.CURRENT.get();
    if (arrival != null) {
      arrival.shrink(needed);
    }
  }

  PutImageResponse put(PutImageRequest request) {
    PutCommand command =
        PutCommand.of(
            request.getCollection(),
            some(request.getImageId()),
            some(request.getIdempotencyKey()),
            request.getAttributesMap(),
            request.getLabelsList());
    images.requireCollection(command.collection());
    if (request.getImage().isEmpty()) {
      throw new RefusedException(ErrorCode.EMPTY, "the image has no bytes");
    }
    if (request.getImage().size() > maxImageBytes) {
      throw new RefusedException(
          ErrorCode.TOO_MANY_BYTES, "an image has at most " + maxImageBytes + " bytes");
    }
    Accepted accepted = images.put(command, ImageBytes.of(request.getImage()));
    return PutImageResponse.newBuilder()
        .setCollection(accepted.collection())
        .setImageId(accepted.imageId())
        .setVersion(accepted.version())
        .setToken(accepted.token())
        .build();
  }

  @Override
  public StreamObserver<PutImageRequest> putImages(StreamObserver<PutImagesResponse> answers) {
    return new BulkPut(
        (ServerCallStreamObserver<PutImagesResponse>) answers,
        request -> operations.count(Operation.PUT, () -> put(request)),
        admission,
        policy.largestMessage(),
        Objects.requireNonNull(Arrival.CURRENT.get(), "every call has an arrival"),
        this::later,
        workers);
  }

  private void later(Duration delay, Runnable work) {
    vertx.setTimer(delay.toMillis(), timer -> work.run());
  }

  @Override
  public void patchImage(PatchImageRequest request, StreamObserver<PatchImageResponse> answer) {
    answer(
        answer,
        () ->
            operations.count(
                Operation.PATCH,
                () ->
                    PatchImageResponse.newBuilder()
                        .setVersion(
                            patches.patch(
                                request.getCollection(),
                                request.getImageId(),
                                patch(request.getPatch()),
                                request.getToken()))
                        .build()));
  }

  @Override
  public void patchImages(PatchImagesRequest request, StreamObserver<PatchImagesResponse> answer) {
    answer(
        answer,
        () ->
            operations.count(
                Operation.PATCH_BY_FILTER,
                () ->
                    PatchImagesResponse.newBuilder()
                        .setMatched(
                            patches.patchMatching(
                                request.getCollection(),
                                request.getFilter(),
                                patch(request.getPatch())))
                        .build()));
  }

  private static Patch patch(AttributePatch patch) {
    return Patch.of(
        patch.getSetMap(),
        patch.getRemoveList(),
        patch.hasLabels() ? Optional.of(patch.getLabels().getNamesList()) : Optional.empty());
  }

  @Override
  public void deleteImage(DeleteImageRequest request, StreamObserver<DeleteImageResponse> answer) {
    answer(
        answer,
        () ->
            operations.count(
                Operation.DELETE,
                () -> {
                  Accepted deleted = images.delete(request.getCollection(), request.getImageId());
                  return DeleteImageResponse.newBuilder()
                      .setVersion(deleted.version())
                      .setToken(deleted.token())
                      .build();
                }));
  }

  @Override
  public void deleteImages(
      DeleteImagesRequest request, StreamObserver<DeleteImagesResponse> answer) {
    answer(
        answer,
        () ->
            operations.count(
                Operation.DELETE_BY_FILTER,
                () -> {
                  Images.DeletedImages deleted =
                      images.deleteMatching(request.getCollection(), request.getFilter());
                  return DeleteImagesResponse.newBuilder()
                      .setMatched(deleted.matched())
                      .addAllTokens(deleted.tokens())
                      .build();
                }));
  }

  @Override
  public void retryImage(RetryImageRequest request, StreamObserver<RetryImageResponse> answer) {
    answer(
        answer,
        () ->
            operations.count(
                Operation.RETRY,
                () -> {
                  Accepted retried = images.retry(request.getCollection(), request.getImageId());
                  return RetryImageResponse.newBuilder()
                      .setVersion(retried.version())
                      .setToken(retried.token())
                      .build();
                }));
  }

  @Override
  public void putClassifier(
      PutClassifierRequest request, StreamObserver<PutClassifierResponse> answer) {
    shrink(request.getSerializedSize());
    answer(
        answer,
        () ->
            operations.count(
                Operation.TEACH,
                () -> {
                  Classifier published =
                      classifiers.put(request.getCollection(), request.getClassifier());
                  return PutClassifierResponse.newBuilder()
                      .setCollection(request.getCollection())
                      .setVersion(published.getVersion())
                      .setClasses(published.getClassesCount())
                      .build();
                }));
  }

  @Override
  public void removeClassifier(
      RemoveClassifierRequest request, StreamObserver<RemoveClassifierResponse> answer) {
    answer(
        answer,
        () ->
            operations.count(
                Operation.UNTEACH,
                () -> {
                  classifiers.remove(request.getCollection());
                  return RemoveClassifierResponse.getDefaultInstance();
                }));
  }

  @Override
  public void getContent(GetContentRequest request, StreamObserver<GetContentResponse> answers) {
    ServerCallStreamObserver<GetContentResponse> call =
        (ServerCallStreamObserver<GetContentResponse>) answers;
    ContentSender sender = new ContentSender(contents, call);
    workers.execute(
        () -> {
          try {
            operations.count(
                Operation.CONTENT,
                () -> {
                  sender.send(request);
                  return true;
                });
            call.onCompleted();
          } catch (RuntimeException e) {
            call.onError(GrpcErrors.of(e));
          }
        });
  }

  @Override
  public void createCollection(
      CreateCollectionRequest request, StreamObserver<CollectionInfo> answer) {
    answer(
        answer,
        () ->
            operations.count(
                Operation.CREATE_COLLECTION,
                () ->
                    CollectionInfos.of(
                        commands.create(
                            new NewCollection(
                                request.getName(),
                                request.getModel(),
                                request.getBounds(),
                                request.hasKeepOriginals()
                                    ? Optional.of(request.getKeepOriginals())
                                    : Optional.empty(),
                                request.getPartitions(),
                                request.getAcceptSmallerImages())))));
  }

  @Override
  public void getCollection(GetCollectionRequest request, StreamObserver<CollectionInfo> answer) {
    answer(answer, () -> CollectionInfos.of(descriptions.describe(request.getCollection())));
  }

  @Override
  public void renameCollection(
      RenameCollectionRequest request, StreamObserver<CollectionInfo> answer) {
    answer(
        answer,
        () ->
            operations.count(
                Operation.RENAME_COLLECTION,
                () ->
                    CollectionInfos.of(
                        commands.rename(request.getCollection(), request.getName()))));
  }

  @Override
  public void deleteCollection(
      DeleteCollectionRequest request, StreamObserver<DeleteCollectionResponse> answer) {
    answer(
        answer,
        () ->
            operations.count(
                Operation.DELETE_COLLECTION,
                () -> {
                  Collection deleted = commands.delete(request.getCollection());
                  return DeleteCollectionResponse.newBuilder()
                      .setId(deleted.getId())
                      .setName(deleted.getName())
                      .build();
                }));
  }

  @Override
  public void listCollections(
      ListCollectionsRequest request, StreamObserver<ListCollectionsResponse> answer) {
    Caller caller = Caller.ofCall();
    answer(
        answer,
        () ->
            ListCollectionsResponse.newBuilder()
                .addAllCollections(
                    catalogue.all().stream()
                        .filter(state -> caller.mayRead(state.collection().getName()))
                        .map(state -> CollectionInfos.of(state))
                        .toList())
                .build());
  }

  private static Optional<String> some(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  private <T> void answer(StreamObserver<T> observer, Supplier<T> work) {
    workers.execute(
        () -> {
          T result;
          try {
            result = work.get();
          } catch (RuntimeException e) {
            observer.onError(GrpcErrors.of(e));
            return;
          }
          observer.onNext(result);
          observer.onCompleted();
        });
  }

  @PreDestroy
  void close() {
    workers.shutdown();
  }
}
