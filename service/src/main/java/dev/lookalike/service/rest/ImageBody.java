package dev.lookalike.service.rest;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.IOException;
import java.io.InputStream;

/** Reads a body that is one image; the heap holds its bytes once. */
public final class ImageBody {
  private static final int STEP = 16 << 10;

  private ImageBody() {}

  /**
   * Reads the bytes into an array that is allocated once.
   *
   * @param body untrusted; may end early, or be longer than declared
   * @param declared length of the body; negative if not declared
   * @param most largest number of bytes
   * @throws RefusedException TOO_MANY_BYTES, EMPTY, INVALID_ARGUMENT for a truncated body
   */
  public static byte[] read(InputStream body, long declared, long most) {
    if (declared > most) {
      throw tooMany(most);
    }
    try {
      if (declared < 0) {
        try (Spool spool = new Spool()) {
          return whole(body, spool, most);
        }
      }
      byte[] bytes = new byte[Math.toIntExact(declared)];
      if (body.readNBytes(bytes, 0, bytes.length) < bytes.length) {
        throw cutOff();
      }
      return notEmpty(bytes);
    } catch (IOException e) {
      throw cutOff();
    }
  }

  /** Reads a stream to its end, collecting the bytes outside the heap. */
  static byte[] whole(InputStream in, Spool spool, long most) throws IOException {
    byte[] step = new byte[STEP];
    int got;
    while ((got = in.read(step)) >= 0) {
      if (spool.size() + (long) got > most) {
        throw tooMany(most);
      }
      spool.write(step, 0, got);
    }
    return notEmpty(spool.toByteArray());
  }

  private static byte[] notEmpty(byte[] bytes) {
    if (bytes.length == 0) {
      throw new RefusedException(ErrorCode.EMPTY, "the image is empty");
    }
    return bytes;
  }

  /** The refusal of an image with too many bytes. */
  public static RefusedException tooMany(long most) {
    return new RefusedException(
        ErrorCode.TOO_MANY_BYTES, "an image may have at most " + most + " bytes");
  }

  static RefusedException cutOff() {
    return new RefusedException(
        ErrorCode.INVALID_ARGUMENT, "the body was cut off or arrived too slowly");
  }
}
