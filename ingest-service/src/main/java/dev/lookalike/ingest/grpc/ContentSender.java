package dev.lookalike.ingest.grpc;

import com.google.protobuf.UnsafeByteOperations;
import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.ingest.content.Contents;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.ingest.v1.GetContentRequest;
import dev.lookalike.proto.ingest.v1.GetContentResponse;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** Sends the bytes of an image in chunks, no faster than the receiver takes them. */
final class ContentSender {
  /** Bytes of a chunk. */
  private static final int CHUNK = 1 << 20;

  private final Contents contents;
  private final ServerCallStreamObserver<GetContentResponse> call;
  private final SendWindow window;

  /** Made on the thread that opens the call. */
  ContentSender(Contents contents, ServerCallStreamObserver<GetContentResponse> call) {
    this.contents = contents;
    this.call = call;
    this.window = new SendWindow(call);
  }

  /**
   * Sends all of it, or as much as the receiver waits for. Blocks.
   *
   * @throws RefusedException as {@link Contents#find} and {@link Contents#open}
   */
  void send(GetContentRequest request) {
    Optional<ImageVersion> version =
        request.hasVersion() ? Optional.of(request.getVersion()) : Optional.empty();
    Contents.Found found =
        contents.find(request.getCollection(), request.getImageId(), variant(request), version);
    BlobStore.Opened opened = contents.open(found);
    try (InputStream bytes = opened.bytes()) {
      GetContentResponse.Builder next =
          GetContentResponse.newBuilder()
              .setMediaType(found.mediaType())
              .setSizeBytes(opened.sizeBytes())
              .setVersion(found.version());
      boolean first = true;
      byte[] chunk;
      while ((chunk = bytes.readNBytes(CHUNK)).length > 0 || first) {
        if (!window.awaitOpen()) {
          return;
        }
        call.onNext(next.setChunk(UnsafeByteOperations.unsafeWrap(chunk)).build());
        next = GetContentResponse.newBuilder();
        first = false;
      }
    } catch (IOException e) {
      throw new RefusedException(ErrorCode.STORAGE_UNAVAILABLE, "the content cannot be read now");
    }
  }

  private static Contents.Variant variant(GetContentRequest request) {
    return switch (request.getVariant()) {
      case CONTENT_VARIANT_ORIGINAL -> Contents.Variant.ORIGINAL;
      case CONTENT_VARIANT_UNSPECIFIED, CONTENT_VARIANT_CANONICAL -> Contents.Variant.CANONICAL;
      case CONTENT_VARIANT_THUMBNAIL -> Contents.Variant.THUMBNAIL;
      case UNRECOGNIZED ->
          throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "unknown variant");
    };
  }
}
