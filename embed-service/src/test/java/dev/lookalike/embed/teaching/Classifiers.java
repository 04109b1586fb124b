package dev.lookalike.embed.teaching;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.image.v1.ModelReference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Small classifiers. */
final class Classifiers {
  private Classifiers() {}

  static ByteString floats(float... values) {
    ByteBuffer buffer =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return ByteString.copyFrom(buffer);
  }

  /** Three dimensions; "hat" along the first, "shoe" along the second; taught on build b1. */
  static Classifier.Builder hatOrShoe(String version) {
    return Classifier.newBuilder()
        .setVersion(version)
        .setBuildId("b1")
        .setModel(ModelReference.newBuilder().setDimension(3))
        .addClasses("hat")
        .addClasses("shoe")
        .setWeights(floats(4, 0, 0, 0, 4, 0))
        .setBiases(floats(0, 0.5f));
  }
}
