package dev.lookalike.service.rest;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.IOException;
import java.io.InputStream;

/** Reads a body that is the bytes of one image; the heap holds them once. */
public final class ImageBody {
  private static final int STEP = 16 << 10;

  private ImageBody() {}

  /**
   * The bytes, in an array that is made once.
   *
   * @param body untrusted; may end early, or be longer than declared
   * @param declared length of the body; negative where it is not said
   * @param most bytes, at most
   * @throws RefusedException TOO_MANY_BYTES, EMPTY, INVALID_ARGUMENT for a body that is cut off
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

  /** Everything that a stream yields, collected outside the heap. */
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
      throw new RefusedException(ErrorCode.EMPTY, "the image has no bytes");
    }
    return bytes;
  }

  /** What is said of an image that is too long. */
  public static RefusedException tooMany(long most) {
    return new RefusedException(
        ErrorCode.TOO_MANY_BYTES, "an image has at most " + most + " bytes");
  }

  static RefusedException cutOff() {
    return new RefusedException(
        ErrorCode.INVALID_ARGUMENT, "the body was cut off or came too slowly");
  }
}
