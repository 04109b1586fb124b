package dev.lookalike.embed.model.runtime;

import dev.lookalike.embed.preprocess.Preprocessor;
import dev.lookalike.imaging.RgbImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * Direct memory for the input of a batch of one model, used again and again. A slot is written by
 * one thread at a time; different slots may be written by different threads.
 */
public final class PixelBuffer {
  private final Preprocessor preprocessor;
  private final boolean levels;
  private final ByteBuffer memory;
  private final int bytes;

  /**
   * @param levels whether a slot holds 8-bit pixels, {@code [height, width, 3]}, else float32 as
   *     the preprocessor makes it, {@code [3, height, width]}
   */
  PixelBuffer(Preprocessor preprocessor, boolean levels, int slots) {
    this.preprocessor = preprocessor;
    this.levels = levels;
    this.bytes = preprocessor.floats() * (levels ? 1 : Float.BYTES);
    this.memory =
        ByteBuffer.allocateDirect(Math.multiplyExact(slots, bytes)).order(ByteOrder.nativeOrder());
  }

  /** Makes the input of an image in a slot. */
  public void write(RgbImage image, int slot) {
    if (levels) {
      preprocessor.apply(image, memory, slot * bytes);
    } else {
      preprocessor.apply(image, memory.asFloatBuffer(), slot * preprocessor.floats());
    }
  }

  /** Moves what stands in one slot to another. */
  public void move(int from, int to) {
    memory.put(to * bytes, memory, from * bytes, bytes);
  }

  /** Whether slots hold 8-bit pixels. */
  boolean levels() {
    return levels;
  }

  /** The memory of some slots. */
  ByteBuffer slots(int first, int count) {
    return memory.slice(first * bytes, count * bytes).order(ByteOrder.nativeOrder());
  }

  /** All slots, to be written to directly. */
  FloatBuffer floats() {
    if (levels) {
      throw new IllegalStateException("this memory holds 8-bit pixels");
    }
    return memory.asFloatBuffer();
  }
}
