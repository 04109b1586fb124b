package dev.lookalike.ingest.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import dev.lookalike.ingest.uploads.UploadPolicy;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.proto.ingest.v1.PutImageRequest;
import dev.lookalike.service.admission.Arrival;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Reads an upload with one copy of its image, where protobuf's own parser makes two. A compressed
 * message is covered by its length after decompression before room is made for it.
 */
final class PutImageMarshaller implements MethodDescriptor.Marshaller<PutImageRequest> {
  private static final int IMAGE =
      PutImageRequest.IMAGE_FIELD_NUMBER << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;

  private final MethodDescriptor.Marshaller<PutImageRequest> written;

  private PutImageMarshaller(MethodDescriptor.Marshaller<PutImageRequest> written) {
    this.written = written;
  }

  /** The same service, whose uploads are read by this marshaller. */
  static ServerServiceDefinition in(ServerServiceDefinition service) {
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName())
            .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      ServerMethodDefinition<?, ?> adapted = adapted(method);
      descriptor.addMethod(adapted.getMethodDescriptor());
      methods.add(adapted);
    }
    ServerServiceDefinition.Builder adapted = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(adapted::addMethod);
    return adapted.build();
  }

  private static ServerMethodDefinition<?, ?> adapted(ServerMethodDefinition<?, ?> method) {
    String name = method.getMethodDescriptor().getFullMethodName();
    if (name.equals(IngestGrpc.getPutImageMethod().getFullMethodName())
        || name.equals(IngestGrpc.getPutImagesMethod().getFullMethodName())) {
      @SuppressWarnings("unchecked") // Both take PutImageRequest.
      ServerMethodDefinition<PutImageRequest, Object> upload =
          (ServerMethodDefinition<PutImageRequest, Object>) method;
      MethodDescriptor<PutImageRequest, Object> descriptor = upload.getMethodDescriptor();
      return ServerMethodDefinition.create(
          descriptor.toBuilder(
                  new PutImageMarshaller(descriptor.getRequestMarshaller()),
                  descriptor.getResponseMarshaller())
              .build(),
          upload.getServerCallHandler());
    }
    return method;
  }

  @Override
  public InputStream stream(PutImageRequest value) {
    return written.stream(value);
  }

  @Override
  public PutImageRequest parse(InputStream message) {
    Arrival arrival = Objects.requireNonNull(Arrival.CURRENT.get(), "every call has an arrival");
    try {
      return read(message, arrival);
    } catch (IOException e) {
      arrival.refuse(
          new RefusedException(
              ErrorCode.INVALID_ARGUMENT, "the message is not a PutImageRequest, or was cut off"));
      return PutImageRequest.getDefaultInstance();
    }
  }

  /** An empty request where there is no room for the message: then its call is being refused. */
  private static PutImageRequest read(InputStream message, Arrival arrival) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(new WillingStream(message));
    PutImageRequest.Builder request = PutImageRequest.newBuilder();
    ByteString.Output rest = ByteString.newOutput();
    CodedOutputStream others = CodedOutputStream.newInstance(rest, 512);
    int tag;
    while ((tag = in.readTag()) != 0) {
      if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        if (WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_START_GROUP) {
          throw new IOException("groups are not used");
        }
        in.skipField(tag, others);
        continue;
      }
      int length = in.readRawVarint32();
      long most = tag == IMAGE ? Integer.MAX_VALUE : UploadPolicy.OVERHEAD_BYTES - rest.size();
      if (length < 0 || length > most) {
        throw new IOException("too long");
      }
      if (!arrival.cover((long) length + rest.size())) {
        return PutImageRequest.getDefaultInstance();
      }
      byte[] bytes = in.readRawBytes(length);
      if (tag == IMAGE) {
        request.setImage(UnsafeByteOperations.unsafeWrap(bytes));
      } else {
        others.writeUInt32NoTag(tag);
        others.writeUInt32NoTag(length);
        others.writeRawBytes(bytes);
        others.flush();
      }
    }
    others.flush();
    return request.mergeFrom(rest.toByteString()).build();
  }

  /** Says that all is there, so that a field is read into an array of its length, once. */
  private static final class WillingStream extends FilterInputStream {
    WillingStream(InputStream in) {
      super(in);
    }

    @Override
    public int available() {
      return Integer.MAX_VALUE;
    }
  }
}
