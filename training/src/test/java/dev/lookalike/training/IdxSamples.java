package dev.lookalike.training;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;

/** Writes small files in the idx format: 20 rows of 18 pixels, three classes in turn. */
final class IdxSamples {
  static final int PIXELS = 20 * 18;

  private IdxSamples() {}

  static byte[] image(int index) {
    byte[] image = new byte[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      image[i] = (byte) (i + 7 * index);
    }
    return image;
  }

  static void write(Path folder, String name, String end, String mark, int count)
      throws IOException {
    ByteArrayOutputStream images = new ByteArrayOutputStream();
    images.write(ByteBuffer.allocate(16).putInt(0x803).putInt(count).putInt(20).putInt(18).array());
    for (int i = 0; i < count; i++) {
      images.write(image(i));
    }
    Path file = folder.resolve(name + "-images" + mark + "idx3-ubyte" + end);
    try (OutputStream out =
        end.isEmpty()
            ? Files.newOutputStream(file)
            : new GZIPOutputStream(Files.newOutputStream(file))) {
      images.writeTo(out);
    }
    writeLabels(folder.resolve(name + "-labels" + mark + "idx1-ubyte"), count);
  }

  static void writeLabels(Path file, int count) throws IOException {
    ByteBuffer labels = ByteBuffer.allocate(8 + count).putInt(0x801).putInt(count);
    for (int i = 0; i < count; i++) {
      labels.put((byte) (i % 3));
    }
    Files.write(file, labels.array());
  }
}
