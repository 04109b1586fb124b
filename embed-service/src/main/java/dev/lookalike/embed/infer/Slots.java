package dev.lookalike.embed.infer;

import dev.lookalike.embed.model.OnnxModel;
import java.nio.FloatBuffer;

/**
 * Direct memory for the input of a batch, used again and again. A slot is written by one thread at
 * a time; different slots may be written by different threads.
 */
public final class Slots {
  private final FloatBuffer pixels;
  private final int floats;
  private final int capacity;

  Slots(OnnxModel model, int capacity) {
    this.pixels = model.buffer(capacity);
    this.floats = model.preprocessor().floats();
    this.capacity = capacity;
  }

  FloatBuffer pixels() {
    return pixels;
  }

  FloatBuffer from(int slot) {
    return pixels.slice(slot * floats, (capacity - slot) * floats);
  }

  int offset(int slot) {
    return slot * floats;
  }

  /** Moves what stands in one slot to another. */
  public void move(int from, int to) {
    pixels.put(offset(to), pixels, offset(from), floats);
  }
}
