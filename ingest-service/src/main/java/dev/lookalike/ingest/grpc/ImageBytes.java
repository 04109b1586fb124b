package dev.lookalike.ingest.grpc;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The bytes of an uploaded image, without a copy where that is possible. */
final class ImageBytes extends ByteOutput {
  private final ByteString image;
  private byte[] bytes = {};

  private ImageBytes(ByteString image) {
    this.image = image;
  }

  /**
   * The bytes themselves where they are one array, as {@link PutImageMarshaller} makes them: a
   * message from the wire is not shared, so a copy would only cost.
   */
  static byte[] of(ByteString image) {
    ImageBytes found = new ImageBytes(image);
    try {
      UnsafeByteOperations.unsafeWriteTo(image, found);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return found.bytes;
  }

  @Override
  public void writeLazy(byte[] value, int offset, int length) {
    boolean whole = offset == 0 && length == value.length && length == image.size();
    bytes = whole ? value : image.toByteArray();
  }

  @Override
  public void write(byte value) {
    bytes = image.toByteArray();
  }

  @Override
  public void write(byte[] value, int offset, int length) {
    bytes = image.toByteArray();
  }

  @Override
  public void write(ByteBuffer value) {
    bytes = image.toByteArray();
  }

  @Override
  public void writeLazy(ByteBuffer value) {
    bytes = image.toByteArray();
  }
}
