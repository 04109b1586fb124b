package dev.lookalike.imaging;

import java.io.ByteArrayOutputStream;
import java.util.Optional;
import java.util.TreeMap;

/** Header of a JPEG file (ITU-T T.81 annex B), up to its first scan. */
final class JpegHeader {
  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int APP1 = 0xe1;
  private static final int APP2 = 0xe2;

  private JpegHeader() {}

  static ImageHeader parse(Bytes file) {
    long at = 2;
    int width = 0;
    int height = 0;
    int components = 0;
    int orientation = 1;
    TreeMap<Integer, Bytes> profile = new TreeMap<>();
    while (true) {
      // As libjpeg does, skip what is between segments.
      while (file.u8(at) != 0xff) {
        at++;
      }
      while (file.u8(at) == 0xff) {
        at++;
      }
      int marker = file.u8(at++);
      if (marker == 0 || marker == SOI || marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
        continue;
      }
      if (marker == EOI) {
        throw new RefusedException(RefusalReason.CORRUPT, "the JPEG ends before its first scan");
      }
      int length = file.u16(at, false);
      if (length < 2) {
        throw new RefusedException(RefusalReason.CORRUPT, "a JPEG segment of length " + length);
      }
      if (marker == SOS) {
        if (components == 0) {
          throw new RefusedException(RefusalReason.CORRUPT, "a JPEG scan without a frame");
        }
        return ImageHeader.of(
            ImageFormat.JPEG, width, height, orientation, components == 1, joined(profile));
      }
      Bytes segment = file.part(at + 2, length - 2);
      if (isFrame(marker)) {
        checkFrame(marker, segment);
        height = segment.u16(1, false);
        width = segment.u16(3, false);
        components = segment.u8(5);
      } else if (marker == APP1 && segment.has(0, "Exif\0")) {
        orientation = Exif.orientation(segment.part(6, Math.max(0, segment.length() - 6)));
      } else if (marker == APP2 && segment.has(0, "ICC_PROFILE\0") && segment.length() > 14) {
        profile.putIfAbsent(segment.u8(12), segment.part(14, segment.length() - 14));
      }
      at += length;
    }
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }

  /** Baseline, extended and progressive Huffman frames, and arithmetic ones, of 8 bits. */
  private static void checkFrame(int marker, Bytes segment) {
    if (marker != 0xc0 && marker != 0xc1 && marker != 0xc2 && marker != 0xc9 && marker != 0xca) {
      throw new RefusedException(
          RefusalReason.UNSUPPORTED_FEATURE, "lossless or hierarchical JPEG is not read");
    }
    int bits = segment.u8(0);
    if (bits != 8) {
      throw new RefusedException(
          RefusalReason.UNSUPPORTED_FEATURE, "JPEG of " + bits + " bits is not read");
    }
    int components = segment.u8(5);
    if (components != 1 && components != 3 && components != 4) {
      throw new RefusedException(
          RefusalReason.UNSUPPORTED_FEATURE, "JPEG of " + components + " components is not read");
    }
  }

  private static Optional<byte[]> joined(TreeMap<Integer, Bytes> profile) {
    if (profile.isEmpty()) {
      return Optional.empty();
    }
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    profile.values().forEach(part -> joined.writeBytes(part.copy()));
    return Optional.of(joined.toByteArray());
  }
}
