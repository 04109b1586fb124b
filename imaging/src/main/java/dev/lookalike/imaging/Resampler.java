package dev.lookalike.imaging;

import java.util.Arrays;

/**
 * Separable antialiased resampling that gives the bytes of Pillow's {@code Image.resize}: same
 * coefficients ({@code precompute_coeffs} of {@code src/libImaging/Resample.c}), same fixed point
 * (22 bits), same rounding to 8 bits between the two passes, and the order of passes of Pillow 13.
 * Rows are read once and as late as possible, so that memory does not grow with the height of the
 * source.
 */
public final class Resampler {
  /** {@code PRECISION_BITS} of Resample.c: 8 bits for the value, 2 for overshoot. */
  private static final int PRECISION_BITS = 32 - 8 - 2;

  private static final int HALF = 1 << (PRECISION_BITS - 1);

  private Resampler() {}

  /**
   * Resizes as Pillow does.
   *
   * @param width of the result, at least 1
   * @param height of the result, at least 1
   * @return a new image, or {@code image} itself where its size is the one asked for
   */
  public static RgbImage resize(RgbImage image, int width, int height, Resampling resampling) {
    return resizeAndCrop(image, width, height, resampling, 0, 0, width, height);
  }

  /**
   * Resizes to {@code width x height} and cuts out a rectangle of the result, computing nothing
   * outside of it: the bytes of {@code resize(...)} followed by a crop.
   *
   * @throws IllegalArgumentException if the rectangle does not lie in the resized image
   */
  public static RgbImage resizeAndCrop(
      RgbImage image,
      int width,
      int height,
      Resampling resampling,
      int left,
      int top,
      int cropWidth,
      int cropHeight) {
    if (width == image.width()
        && height == image.height()
        && cropWidth == width
        && cropHeight == height) {
      return image;
    }
    return resize(
        RowSource.of(image),
        new Size(width, height),
        resampling,
        new Rectangle(left, top, cropWidth, cropHeight));
  }

  static RgbImage resize(RowSource source, Size size, Resampling resampling) {
    return resize(source, size, resampling, Rectangle.all(size));
  }

  private static RgbImage resize(
      RowSource source, Size size, Resampling resampling, Rectangle crop) {
    if (size.width() < 1
        || size.height() < 1
        || crop.isEmpty()
        || crop.left() < 0
        || crop.top() < 0
        || crop.left() + crop.width() > size.width()
        || crop.top() + crop.height() > size.height()) {
      throw new IllegalArgumentException("cannot cut " + crop + " out of " + size);
    }
    byte[] result = new byte[Math.multiplyExact(crop.width() * 3, crop.height())];
    if (resampling == Resampling.NEAREST) {
      nearest(source, size, crop, result);
    } else {
      filter(source, size, resampling, crop, result);
    }
    return new RgbImage(crop.width(), crop.height(), result);
  }

  /** {@code ImagingScaleAffine} of Geometry.c, with its running sum of positions. */
  private static void nearest(RowSource source, Size size, Rectangle crop, byte[] result) {
    int[] columns = positions(source.width(), size.width());
    int[] rows = positions(source.height(), size.height());
    byte[] row = new byte[source.width() * 3];
    int held = -1;
    int to = 0;
    for (int y = crop.top(); y < crop.top() + crop.height(); y++) {
      if (rows[y] != held) {
        source.read(rows[y], row);
        held = rows[y];
      }
      for (int x = crop.left(); x < crop.left() + crop.width(); x++) {
        int from = columns[x] * 3;
        result[to++] = row[from];
        result[to++] = row[from + 1];
        result[to++] = row[from + 2];
      }
    }
  }

  private static int[] positions(int from, int to) {
    double step = (double) from / to;
    double position = step * 0.5;
    int[] positions = new int[to];
    for (int i = 0; i < to; i++) {
      positions[i] = Math.min(from - 1, (int) position);
      position += step;
    }
    return positions;
  }

  private static void filter(
      RowSource source, Size size, Resampling resampling, Rectangle crop, byte[] result) {
    RowSource rows = source;
    Rectangle columns = new Rectangle(crop.left(), 0, crop.width(), source.height());
    boolean verticalFirst = isVerticalFirst(source, size);
    if (verticalFirst) {
      rows = new VerticalPass(rows, size.height(), resampling, crop);
      columns = new Rectangle(crop.left(), 0, crop.width(), size.height());
    }
    rows =
        rows.width() == size.width()
            ? CroppedRows.of(rows, columns)
            : new HorizontalPass(rows, size.width(), resampling, crop.left(), crop.width());
    if (!verticalFirst && rows.height() != size.height()) {
      rows = new VerticalPass(rows, size.height(), resampling, crop);
    }
    int stride = crop.width() * 3;
    byte[] row = new byte[stride];
    for (int y = 0; y < crop.height(); y++) {
      rows.read(crop.top() + y, row);
      System.arraycopy(row, 0, result, y * stride, stride);
    }
  }

  /**
   * Pillow 13 does the vertical pass first where that saves work. The bytes differ, since the
   * result of the first pass is rounded.
   */
  private static boolean isVerticalFirst(RowSource source, Size size) {
    int fewerRows = source.height() - size.height();
    int fewerColumns = source.width() - size.width();
    return fewerColumns != 0 && fewerRows > 0 && fewerRows > 2 * fewerColumns;
  }

  /** Resamples the columns from {@code left} on. */
  private static final class HorizontalPass implements RowSource {
    private final RowSource source;
    private final Weights weights;
    private final byte[] row;

    HorizontalPass(RowSource source, int to, Resampling resampling, int left, int width) {
      this.source = source;
      this.weights = Weights.of(source.width(), to, resampling, left, width);
      this.row = new byte[source.width() * 3];
    }

    @Override
    public int width() {
      return weights.first.length;
    }

    @Override
    public int height() {
      return source.height();
    }

    @Override
    public void read(int y, byte[] rgb) {
      source.read(y, row);
      weights.apply(row, rgb);
    }
  }

  /** Resamples rows, of which it holds as many as an output row needs; gives those of the crop. */
  private static final class VerticalPass implements RowSource {
    private final RowSource source;
    private final Weights weights;
    private final int height;
    private final int top;

    /** Row y of the source is in {@code ring[y % ring.length]}. */
    private final byte[][] ring;

    private final int[] sums;
    private int next;

    VerticalPass(RowSource source, int to, Resampling resampling, Rectangle crop) {
      this.source = source;
      this.weights = Weights.of(source.height(), to, resampling, crop.top(), crop.height());
      this.height = to;
      this.top = crop.top();
      this.sums = new int[source.width() * 3];
      this.ring = new byte[weights.most()][sums.length];
    }

    @Override
    public int width() {
      return source.width();
    }

    @Override
    public int height() {
      return height;
    }

    @Override
    public void read(int y, byte[] rgb) {
      int output = y - top;
      int first = weights.first[output];
      int count = weights.count[output];
      for (next = Math.max(next, first); next < first + count; next++) {
        source.read(next, ring[next % ring.length]);
      }
      Arrays.fill(sums, HALF);
      for (int i = 0; i < count; i++) {
        addWeighted(ring[(first + i) % ring.length], weights.at(output, i), sums);
      }
      clip(sums, rgb);
    }

    // Separate and small, so that the compiler turns them into vector code.
    private static void addWeighted(byte[] row, int weight, int[] sums) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] += (row[i] & 0xff) * weight;
      }
    }

    private static void clip(int[] sums, byte[] rgb) {
      for (int i = 0; i < sums.length; i++) {
        rgb[i] = (byte) Math.max(0, Math.min(255, sums[i] >> PRECISION_BITS));
      }
    }
  }

  /**
   * Fixed-point weights of a part of one direction: its output {@code i} is the sum of {@code
   * count[i]} inputs from {@code first[i]} on, weighted by {@code values[i * stride ..]}.
   */
  private record Weights(int[] first, int[] count, int[] values, int stride) {
    /**
     * Of {@code length} outputs from {@code start} on: a narrow image can become a million long.
     */
    static Weights of(int from, int to, Resampling resampling, int start, int length) {
      double scale = (double) from / to;
      double filterScale = Math.max(1, scale);
      double support = resampling.support() * filterScale;
      int stride = (int) Math.ceil(support) * 2 + 1;
      double perPixel = 1 / filterScale;
      int[] first = new int[length];
      int[] count = new int[length];
      int[] values = new int[Math.multiplyExact(length, stride)];
      double[] exact = new double[stride];
      for (int i = 0; i < length; i++) {
        double centre = (start + i + 0.5) * scale;
        int low = Math.max(0, (int) (centre - support + 0.5));
        int high = Math.min(from, (int) (centre + support + 0.5));
        double sum = 0;
        for (int x = 0; x < high - low; x++) {
          exact[x] = resampling.weight((x + low - centre + 0.5) * perPixel);
          sum += exact[x];
        }
        for (int x = 0; x < high - low; x++) {
          double weight = sum == 0 ? exact[x] : exact[x] / sum;
          values[i * stride + x] =
              (int) ((weight < 0 ? -0.5 : 0.5) + weight * (1 << PRECISION_BITS));
        }
        first[i] = low;
        count[i] = high - low;
      }
      return new Weights(first, count, values, stride);
    }

    int most() {
      int most = 1;
      for (int n : count) {
        most = Math.max(most, n);
      }
      return most;
    }

    int at(int output, int i) {
      return values[output * stride + i];
    }

    /** One row of the horizontal pass. */
    void apply(byte[] row, byte[] target) {
      int to = 0;
      for (int x = 0; x < first.length; x++) {
        int red = HALF;
        int green = HALF;
        int blue = HALF;
        int from = first[x] * 3;
        int k = x * stride;
        int end = k + count[x];
        for (; k < end; k++) {
          int weight = values[k];
          red += (row[from] & 0xff) * weight;
          green += (row[from + 1] & 0xff) * weight;
          blue += (row[from + 2] & 0xff) * weight;
          from += 3;
        }
        target[to] = clip(red);
        target[to + 1] = clip(green);
        target[to + 2] = clip(blue);
        to += 3;
      }
    }

    private static byte clip(int sum) {
      return (byte) Math.max(0, Math.min(255, sum >> PRECISION_BITS));
    }
  }
}
