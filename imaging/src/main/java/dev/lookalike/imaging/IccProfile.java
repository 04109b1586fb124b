package dev.lookalike.imaging;

import java.util.Optional;

/**
 * Conversion of an image's colours to sRGB by the ICC profile that it carries (ICC.1:2022), for the
 * profiles that cameras, phones and editors embed: three primaries with a tone curve each (Adobe
 * RGB, Display P3, ProPhoto RGB, ...), and grey with one tone curve. Relative colorimetric, both
 * sides adapted to D50.
 *
 * <p>Profiles of another kind (tables, CMYK) and damaged ones are ignored: the numbers are then
 * taken as sRGB, as a viewer without colour management does. Parsed here and not by LittleCMS,
 * because a profile is untrusted bytes like any other.
 */
final class IccProfile {
  /** XYZ of D50 to linear sRGB, the inverse of sRGB's primaries adapted to D50 by Bradford. */
  private static final double[][] TO_SRGB = {
    {3.1338561, -1.6168667, -0.4906146},
    {-0.9787684, 1.9161415, 0.0334540},
    {0.0719453, -0.2289914, 1.4052427}
  };

  private static final int STEPS = 8192;

  /** Linear 0..1 in {@link #STEPS} steps to sRGB, 0..255. */
  private static final byte[] ENCODED = encoded();

  /** A profile closer to sRGB than this many levels everywhere is taken as sRGB. */
  private static final int NOTICEABLE = 2;

  private IccProfile() {}

  /** The image in sRGB; the image itself where the profile is sRGB or cannot be used. */
  static RgbImage toSrgb(RgbImage image, Optional<byte[]> profile) {
    return profile
        .flatMap(IccProfile::transform)
        .filter(Transform::isNoticeable)
        .map(transform -> transform.apply(image))
        .orElse(image);
  }

  private static Optional<Transform> transform(byte[] profile) {
    try {
      Bytes bytes = new Bytes(profile);
      return switch (bytes.ascii(16, 4)) {
        case "RGB " -> Optional.of(rgb(bytes));
        case "GRAY" -> Optional.of(grey(bytes));
        default -> Optional.empty();
      };
    } catch (RefusedException e) {
      return Optional.empty();
    }
  }

  private static Transform rgb(Bytes profile) {
    double[][] toXyz = new double[3][3];
    double[][] curves = new double[3][];
    String[] channels = {"r", "g", "b"};
    for (int channel = 0; channel < 3; channel++) {
      Bytes primary = tag(profile, channels[channel] + "XYZ");
      for (int axis = 0; axis < 3; axis++) {
        toXyz[axis][channel] = fixed(primary, 8 + 4 * axis);
      }
      curves[channel] = curve(tag(profile, channels[channel] + "TRC"));
    }
    float[] matrix = new float[9];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        double sum = 0;
        for (int k = 0; k < 3; k++) {
          sum += TO_SRGB[row][k] * toXyz[k][column];
        }
        matrix[row * 3 + column] = (float) (sum * (STEPS - 1));
      }
    }
    return new Transform(matrix, floats(curves[0]), floats(curves[1]), floats(curves[2]));
  }

  /** Grey stays grey: only the tone curve changes. */
  private static Transform grey(Bytes profile) {
    float[] curve = floats(curve(tag(profile, "kTRC")));
    float one = STEPS - 1;
    return new Transform(new float[] {one, 0, 0, 0, one, 0, 0, 0, one}, curve, curve, curve);
  }

  private static Bytes tag(Bytes profile, String signature) {
    long tags = Math.min(profile.u32(128, false), 256);
    for (int i = 0; i < tags; i++) {
      long entry = 132 + 12L * i;
      if (profile.has(entry, signature)) {
        return profile.part(profile.u32(entry + 4, false), profile.u32(entry + 8, false));
      }
    }
    throw new RefusedException(RefusalReason.CORRUPT, "no tag " + signature);
  }

  /** s15Fixed16Number. */
  private static double fixed(Bytes tag, long offset) {
    return (int) tag.u32(offset, false) / 65536.0;
  }

  /** A curveType or parametricCurveType, at the 256 values of a sample. */
  private static double[] curve(Bytes tag) {
    double[] values = new double[256];
    for (int i = 0; i < 256; i++) {
      double value = tag.has(0, "para") ? parametric(tag, i / 255.0) : table(tag, i / 255.0);
      values[i] = Double.isFinite(value) ? Math.clamp(value, 0, 1) : 0;
    }
    return values;
  }

  private static double table(Bytes tag, double x) {
    if (!tag.has(0, "curv")) {
      throw new RefusedException(RefusalReason.CORRUPT, "no tone curve");
    }
    long count = tag.u32(8, false);
    if (count == 0) {
      return x;
    }
    if (count == 1) {
      return Math.pow(x, tag.u16(12, false) / 256.0);
    }
    double position = x * (count - 1);
    long below = Math.min((long) position, count - 2);
    double low = tag.u16(12 + 2 * below, false) / 65535.0;
    double high = tag.u16(14 + 2 * below, false) / 65535.0;
    return low + (high - low) * (position - below);
  }

  /** Function types 0 to 4 of parametricCurveType; parameters g a b c d e f. */
  private static double parametric(Bytes tag, double x) {
    int type = tag.u16(8, false);
    double[] p = new double[7];
    int[] counts = {1, 3, 4, 5, 7};
    if (type >= counts.length) {
      throw new RefusedException(RefusalReason.CORRUPT, "no tone curve");
    }
    for (int i = 0; i < counts[type]; i++) {
      p[i] = fixed(tag, 12 + 4 * i);
    }
    double power = type == 0 ? Math.pow(x, p[0]) : Math.pow(Math.max(0, p[1] * x + p[2]), p[0]);
    return switch (type) {
      case 0 -> power;
      case 1 -> x >= -p[2] / p[1] ? power : 0;
      case 2 -> x >= -p[2] / p[1] ? power + p[3] : p[3];
      case 3 -> x >= p[4] ? power : p[3] * x;
      default -> x >= p[4] ? power + p[5] : p[3] * x + p[6];
    };
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** IEC 61966-2-1. */
  private static byte[] encoded() {
    byte[] encoded = new byte[STEPS];
    for (int i = 0; i < STEPS; i++) {
      double linear = i / (double) (STEPS - 1);
      double value =
          linear <= 0.0031308 ? 12.92 * linear : 1.055 * Math.pow(linear, 1 / 2.4) - 0.055;
      encoded[i] = (byte) Math.round(value * 255);
    }
    return encoded;
  }

  /**
   * Tone curves to linear light, then a matrix to linear sRGB in steps.
   *
   * @param matrix row by row
   */
  private record Transform(float[] matrix, float[] red, float[] green, float[] blue) {
    boolean isNoticeable() {
      int[] levels = {0, 16, 64, 128, 192, 255};
      byte[] samples = new byte[levels.length * levels.length * levels.length * 3];
      int at = 0;
      for (int r : levels) {
        for (int g : levels) {
          for (int b : levels) {
            samples[at++] = (byte) r;
            samples[at++] = (byte) g;
            samples[at++] = (byte) b;
          }
        }
      }
      byte[] converted = apply(new RgbImage(samples.length / 3, 1, samples)).rgb();
      for (int i = 0; i < samples.length; i++) {
        if (Math.abs((samples[i] & 0xff) - (converted[i] & 0xff)) > NOTICEABLE) {
          return true;
        }
      }
      return false;
    }

    RgbImage apply(RgbImage image) {
      byte[] from = image.rgb();
      byte[] to = new byte[from.length];
      for (int i = 0; i < from.length; i += 3) {
        float r = red[from[i] & 0xff];
        float g = green[from[i + 1] & 0xff];
        float b = blue[from[i + 2] & 0xff];
        to[i] = encode(matrix[0] * r + matrix[1] * g + matrix[2] * b);
        to[i + 1] = encode(matrix[3] * r + matrix[4] * g + matrix[5] * b);
        to[i + 2] = encode(matrix[6] * r + matrix[7] * g + matrix[8] * b);
      }
      return new RgbImage(image.width(), image.height(), to);
    }

    private static byte encode(float steps) {
      return ENCODED[Math.max(0, Math.min(STEPS - 1, (int) (steps + 0.5f)))];
    }
  }
}
