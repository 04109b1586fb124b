package dev.lookalike.query.grpc;

import dev.lookalike.proto.search.v1.CompareIndexRequest;
import dev.lookalike.proto.search.v1.CompareIndexResponse;
import dev.lookalike.proto.search.v1.CountImagesRequest;
import dev.lookalike.proto.search.v1.CountImagesResponse;
import dev.lookalike.proto.search.v1.DescribeIndexRequest;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.GetImageRequest;
import dev.lookalike.proto.search.v1.GetStatusRequest;
import dev.lookalike.proto.search.v1.GetStatusResponse;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ListImagesRequest;
import dev.lookalike.proto.search.v1.ListImagesResponse;
import dev.lookalike.proto.search.v1.RebuildIndexRequest;
import dev.lookalike.proto.search.v1.RebuildIndexResponse;
import dev.lookalike.proto.search.v1.SearchBatchRequest;
import dev.lookalike.proto.search.v1.SearchBatchResponse;
import dev.lookalike.proto.search.v1.SearchGrpc;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.proto.search.v1.SearchResponse;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.search.Entries;
import dev.lookalike.query.search.IndexOperations;
import dev.lookalike.query.search.Searches;
import dev.lookalike.query.search.Statuses;
import dev.lookalike.service.access.Caller;
import dev.lookalike.service.error.GrpcErrors;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.quarkus.grpc.GrpcService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * lookalike.search.v1.Search. Each request has a virtual thread of its own, started here: Quarkus'
 * own hand-over to one (3.31) can lose the end of a request's message, and its caller then waits in
 * vain.
 */
@GrpcService
public class SearchGrpcService extends SearchGrpc.SearchImplBase {
  private final Searches searches;
  private final Statuses statuses;
  private final Entries entries;
  private final IndexOperations operations;
  private final QueryMetrics metrics;
  private final ExecutorService calls =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("call-", 0).factory());

  SearchGrpcService(
      Searches searches,
      Statuses statuses,
      Entries entries,
      IndexOperations operations,
      QueryMetrics metrics) {
    this.searches = searches;
    this.statuses = statuses;
    this.entries = entries;
    this.operations = operations;
    this.metrics = metrics;
  }

  @Override
  public void search(SearchRequest request, StreamObserver<SearchResponse> observer) {
    answer(observer, () -> searches.search(request));
  }

  @Override
  public void searchBatch(
      SearchBatchRequest request, StreamObserver<SearchBatchResponse> observer) {
    Caller caller = Caller.ofCall();
    answer(observer, () -> searches.searchBatch(request, caller::mayRead));
  }

  @Override
  public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> observer) {
    Caller caller = Caller.ofCall();
    answer(observer, () -> statuses.get(request, caller::mayRead));
  }

  @Override
  public void getImage(GetImageRequest request, StreamObserver<ImageEntry> observer) {
    answer(observer, () -> entries.get(request));
  }

  @Override
  public void listImages(ListImagesRequest request, StreamObserver<ListImagesResponse> observer) {
    answer(observer, () -> entries.list(request));
  }

  @Override
  public void countImages(
      CountImagesRequest request, StreamObserver<CountImagesResponse> observer) {
    answer(observer, () -> entries.count(request));
  }

  @Override
  public void describeIndex(
      DescribeIndexRequest request, StreamObserver<DescribeIndexResponse> observer) {
    answer(observer, () -> operations.describe(request));
  }

  @Override
  public void rebuildIndex(
      RebuildIndexRequest request, StreamObserver<RebuildIndexResponse> observer) {
    answer(observer, () -> operations.rebuild(request));
  }

  @Override
  public void compareIndex(
      CompareIndexRequest request, StreamObserver<CompareIndexResponse> observer) {
    answer(observer, () -> operations.compare(request));
  }

  private <T> void answer(StreamObserver<T> observer, Supplier<T> work) {
    // Of a caller that has gone, an answer is dropped, not thrown back.
    ((ServerCallStreamObserver<T>) observer).setOnCancelHandler(() -> {});
    calls.execute(Context.current().wrap(() -> answerNow(observer, work)));
  }

  private <T> void answerNow(StreamObserver<T> observer, Supplier<T> work) {
    T response;
    try {
      response = metrics.counted(work);
    } catch (RuntimeException | Error e) {
      observer.onError(GrpcErrors.of(e));
      return;
    }
    observer.onNext(response);
    observer.onCompleted();
  }
}
