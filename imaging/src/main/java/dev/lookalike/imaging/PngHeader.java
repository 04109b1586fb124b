package dev.lookalike.imaging;

import java.util.Arrays;
import java.util.Optional;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Header of a PNG file, and the chunks that speak of colour and orientation. */
final class PngHeader {
  /** The largest profile that is looked at, in bytes. */
  private static final int LARGEST_PROFILE = 4 << 20;

  private PngHeader() {}

  static ImageHeader parse(Bytes file) {
    if (file.length() < 33) {
      throw new RefusedException(RefusalReason.TRUNCATED, "the PNG ends within its header");
    }
    if (!file.has(12, "IHDR")) {
      throw new RefusedException(RefusalReason.CORRUPT, "the PNG does not begin with its header");
    }
    long width = file.u32(16, false);
    long height = file.u32(20, false);
    int colourType = file.u8(25);
    int orientation = 1;
    Optional<byte[]> profile = Optional.empty();
    for (long at = 8; at + 12 <= file.length(); ) {
      long length = file.u32(at, false);
      if (at + 12 + length > file.length()) {
        break;
      }
      if (file.has(at + 4, "eXIf")) {
        orientation = Exif.orientation(file.part(at + 8, length));
      } else if (file.has(at + 4, "iCCP")) {
        profile = profile(file.part(at + 8, length));
      } else if (file.has(at + 4, "IEND")) {
        break;
      }
      at += 12 + length;
    }
    boolean grey = colourType == 0 || colourType == 4;
    return ImageHeader.of(ImageFormat.PNG, width, height, orientation, grey, profile);
  }

  /** Name, 0, compression method 0, zlib data. */
  private static Optional<byte[]> profile(Bytes chunk) {
    int name = 0;
    while (name < chunk.length() && chunk.u8(name) != 0) {
      name++;
    }
    if (name + 2 >= chunk.length()) {
      return Optional.empty();
    }
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(chunk.part(name + 2, chunk.length() - name - 2).copy());
      byte[] profile = new byte[LARGEST_PROFILE];
      int length = inflater.inflate(profile);
      return inflater.finished() ? Optional.of(Arrays.copyOf(profile, length)) : Optional.empty();
    } catch (DataFormatException e) {
      return Optional.empty();
    } finally {
      inflater.end();
    }
  }
}
