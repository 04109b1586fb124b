package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.model.graph.GraphFile;
import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.imaging.RgbImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.Optional;

/** Numbers that a graph takes pixels in. Preprocessing gives float32; the others are made of it. */
enum PixelType {
  FLOAT32(OnnxJavaType.FLOAT, 4),
  FLOAT16(OnnxJavaType.FLOAT16, 2),
  /** A graph that does its own scaling: takes 0..255. */
  UINT8(OnnxJavaType.UINT8, 1);

  private final OnnxJavaType type;
  private final int bytes;

  PixelType(OnnxJavaType type, int bytes) {
    this.type = type;
    this.bytes = bytes;
  }

  static PixelType of(GraphFile.Part.Input input) {
    Optional<OnnxJavaType> found = ExternalWeights.type(input.type());
    for (PixelType each : values()) {
      if (found.equals(Optional.of(each.type))) {
        return each;
      }
    }
    throw new ModelRefusedException(
        "input " + input.name() + " type",
        "float32, float16 or uint8",
        found.map(String::valueOf).orElse("type " + input.type()));
  }

  String word() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  /** Whether nothing has to be converted. */
  boolean isFloat() {
    return this == FLOAT32;
  }

  /** Some number that is a pixel. */
  float pattern(int i) {
    int value = Math.floorMod(i, 251);
    return this == UINT8 ? value : value / 251f;
  }

  /**
   * @throws ModelRefusedException where the processor gives what this type cannot hold
   */
  void verify(Preprocessor preprocessor) {
    if (this != UINT8) {
      return;
    }
    byte[] white = new byte[64 * 64 * 3];
    Arrays.fill(white, (byte) 255);
    FloatBuffer pixels = FloatBuffer.allocate(preprocessor.floats());
    preprocessor.apply(new RgbImage(64, 64, white), pixels, 0);
    float middle = pixels.get(pixels.capacity() / 2);
    if (middle != 255) {
      throw new ModelRefusedException(
          "input type",
          "float32 or float16, for a processor that makes white " + middle,
          "uint8, which wants do_rescale and do_normalize false");
    }
  }

  /**
   * @param pixels float32, from index 0
   * @param room used again where it is large enough
   * @return the numbers in this type; {@code room} where nothing is to be converted
   */
  ByteBuffer converted(FloatBuffer pixels, ByteBuffer room) {
    int count = pixels.capacity();
    if (isFloat()) {
      return room;
    }
    ByteBuffer target =
        room.capacity() >= count * bytes
            ? room
            : ByteBuffer.allocateDirect(count * bytes).order(ByteOrder.nativeOrder());
    if (this == FLOAT16) {
      ShortBuffer halves = target.asShortBuffer();
      for (int i = 0; i < count; i++) {
        halves.put(i, Float.floatToFloat16(pixels.get(i)));
      }
    } else {
      for (int i = 0; i < count; i++) {
        target.put(i, (byte) Math.clamp(Math.round(pixels.get(i)), 0, 255));
      }
    }
    return target;
  }

  /**
   * @param numbers of this type, from index 0; more of them is passed over
   */
  OnnxTensor tensor(OrtEnvironment environment, ByteBuffer numbers, long[] shape)
      throws OrtException {
    int length = bytes;
    for (long side : shape) {
      length = Math.multiplyExact(length, Math.toIntExact(side));
    }
    return OnnxTensor.createTensor(
        environment, numbers.slice(0, length).order(ByteOrder.nativeOrder()), shape, type);
  }
}
