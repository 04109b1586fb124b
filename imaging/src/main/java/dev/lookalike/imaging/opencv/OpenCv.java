package dev.lookalike.imaging.opencv;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.bytedeco.opencv.opencv_core.Mat;

/**
 * OpenCV's codecs. Thread-safe; work is done on the calling thread only.
 *
 * <p>A failure of the native side is a {@link CodecException}, never a crash that is known of.
 */
public final class OpenCv {
  static {
    // Native memory is freed where it was taken, so JavaCPP neither needs finalisers nor may it
    // refuse memory because the process is larger than a multiple of the heap.
    System.setProperty("org.bytedeco.javacpp.nopointergc", "true");
    System.setProperty("org.bytedeco.javacpp.maxbytes", "0");
    System.setProperty("org.bytedeco.javacpp.maxphysicalbytes", "0");
    NativeLibraries.load();
    opencv_core.setNumThreads(1);
  }

  private OpenCv() {}

  /** Loads the native libraries, unless they are loaded. */
  public static void load() {
    // The static initializer did.
  }

  /** What the decoder is asked for. */
  public enum Channels {
    /** Three channels of 8 bits, RGB. */
    RGB,
    /** As the file has them: 1, 3 (BGR) or 4 (BGRA) channels, 8 or 16 bits. */
    AS_STORED
  }

  /**
   * Decodes an image. Orientation and profile are not applied.
   *
   * @param encoded a whole file; the caller has checked its header
   * @param reduction 1, 2, 4 or 8: divisor of both sides; other than 1 only with RGB
   * @throws CodecException if there is no image in it
   */
  public static Pixels decode(byte[] encoded, Channels channels, int reduction) {
    int flags =
        switch (channels) {
          case AS_STORED -> opencv_imgcodecs.IMREAD_UNCHANGED;
          case RGB ->
              opencv_imgcodecs.IMREAD_COLOR_RGB
                  | opencv_imgcodecs.IMREAD_IGNORE_ORIENTATION
                  | reduction(reduction);
        };
    NativeLog.silence();
    try (BytePointer bytes = new BytePointer(encoded);
        Mat buffer = new Mat(1, encoded.length, opencv_core.CV_8UC1, bytes)) {
      Mat decoded = opencv_imgcodecs.imdecode(buffer, flags);
      if (decoded.empty()) {
        decoded.close();
        throw new CodecException("the decoder found no image");
      }
      return new Pixels(decoded);
    } catch (CodecException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new CodecException(e);
    }
  }

  /** The bits that IMREAD_REDUCED_COLOR_n adds to IMREAD_COLOR, which excludes COLOR_RGB. */
  private static int reduction(int reduction) {
    return switch (reduction) {
      case 1 -> 0;
      case 2 -> opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_2;
      case 4 -> opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_4;
      case 8 -> opencv_imgcodecs.IMREAD_REDUCED_GRAYSCALE_8;
      default -> throw new IllegalArgumentException("reduction " + reduction);
    };
  }

  /**
   * Encodes a JPEG, 4:2:0, baseline.
   *
   * @param rgb rows of red, green, blue
   * @param quality 1..100
   * @throws CodecException if the encoder refuses
   */
  public static byte[] encodeJpeg(byte[] rgb, int width, int height, int quality) {
    byte[] bgr = new byte[rgb.length];
    for (int i = 0; i + 2 < rgb.length; i += 3) {
      bgr[i] = rgb[i + 2];
      bgr[i + 1] = rgb[i + 1];
      bgr[i + 2] = rgb[i];
    }
    try (BytePointer pixels = new BytePointer(bgr);
        Mat image = new Mat(height, width, opencv_core.CV_8UC3, pixels);
        BytePointer encoded = new BytePointer();
        IntPointer parameters =
            new IntPointer(
                opencv_imgcodecs.IMWRITE_JPEG_QUALITY,
                quality,
                opencv_imgcodecs.IMWRITE_JPEG_SAMPLING_FACTOR,
                opencv_imgcodecs.IMWRITE_JPEG_SAMPLING_FACTOR_420)) {
      if (!opencv_imgcodecs.imencode(".jpg", image, encoded, parameters)) {
        throw new CodecException("the encoder refused");
      }
      byte[] jpeg = new byte[(int) encoded.limit()];
      encoded.get(jpeg);
      return jpeg;
    } catch (CodecException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new CodecException(e);
    }
  }

  /** Decoded pixels in native memory, which {@link #close} frees. */
  public static final class Pixels implements AutoCloseable {
    private final Mat mat;
    private final ByteBuffer samples;
    private final int rowBytes;

    private Pixels(Mat mat) {
      this.mat = mat;
      this.rowBytes = (int) (mat.cols() * mat.elemSize());
      this.samples = mat.data().capacity((long) rowBytes * mat.rows()).asByteBuffer();
    }

    /** In pixels. */
    public int width() {
      return mat.cols();
    }

    /** In pixels. */
    public int height() {
      return mat.rows();
    }

    /** 1, 3 or 4. */
    public int channels() {
      return mat.channels();
    }

    /** Bytes of one sample; larger ones are in the machine's byte order. */
    public int bytesPerSample() {
      return (int) mat.elemSize1();
    }

    /** Bytes of a row. */
    public int rowBytes() {
      return rowBytes;
    }

    /** Copies row {@code y} to the start of {@code row}. */
    public void read(int y, byte[] row) {
      samples.get(y * rowBytes, row, 0, rowBytes);
    }

    /** Copies all rows. */
    public void read(byte[] all) {
      samples.get(0, all, 0, rowBytes * height());
    }

    @Override
    public void close() {
      mat.close();
    }
  }
}
