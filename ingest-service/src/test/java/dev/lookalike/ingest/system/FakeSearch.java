package dev.lookalike.ingest.system;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import dev.lookalike.proto.search.v1.DescribeIndexRequest;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.GetImageRequest;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ListImagesRequest;
import dev.lookalike.proto.search.v1.ListImagesResponse;
import dev.lookalike.proto.search.v1.PartitionPosition;
import dev.lookalike.proto.search.v1.SearchGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/** A query service that knows what a test tells it. A filter matches ids by their beginning. */
public final class FakeSearch extends SearchGrpc.SearchImplBase implements AutoCloseable {
  private static final int PAGE = 2;

  public final Map<String, ImageEntry> entries = new ConcurrentSkipListMap<>();
  public volatile List<PartitionPosition> positions = List.of();
  volatile boolean silent;
  private final Server server;

  public FakeSearch() throws IOException {
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(this)
            .build()
            .start();
  }

  public String address() {
    return "127.0.0.1:" + server.getPort();
  }

  @Override
  public void getImage(GetImageRequest request, StreamObserver<ImageEntry> answer) {
    if (silent) {
      answer.onError(io.grpc.Status.UNAVAILABLE.asRuntimeException());
      return;
    }
    ImageEntry entry = entries.get(request.getImageId());
    if (entry == null) {
      answer.onError(refusal(io.grpc.Status.Code.NOT_FOUND, "IMAGE_NOT_FOUND"));
      return;
    }
    answer.onNext(entry);
    answer.onCompleted();
  }

  @Override
  public void listImages(ListImagesRequest request, StreamObserver<ListImagesResponse> answer) {
    if (request.getFilter().contains("(")) {
      answer.onError(refusal(io.grpc.Status.Code.INVALID_ARGUMENT, "INVALID_FILTER"));
      return;
    }
    List<ImageEntry> after =
        entries.values().stream()
            .filter(entry -> entry.getImageId().startsWith(request.getFilter()))
            .filter(entry -> entry.getImageId().compareTo(request.getCursor()) > 0)
            .toList();
    ListImagesResponse.Builder page =
        ListImagesResponse.newBuilder().addAllImages(after.stream().limit(PAGE).toList());
    if (after.size() > PAGE) {
      page.setNextCursor(after.get(PAGE - 1).getImageId());
    }
    answer.onNext(page.build());
    answer.onCompleted();
  }

  @Override
  public void describeIndex(
      DescribeIndexRequest request, StreamObserver<DescribeIndexResponse> answer) {
    answer.onNext(DescribeIndexResponse.newBuilder().addAllPartitions(positions).build());
    answer.onCompleted();
  }

  private static RuntimeException refusal(io.grpc.Status.Code code, String reason) {
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage(reason)
            .addDetails(
                Any.pack(ErrorInfo.newBuilder().setDomain("lookalike").setReason(reason).build()))
            .build());
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
