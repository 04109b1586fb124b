package dev.lookalike.service.rest;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.IOException;
import java.io.InputStream;

/** Reads a body that is the bytes of one image. */
public final class ImageBody {
  private ImageBody() {}

  /**
   * The bytes, in an array that is made once where their number is said.
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
      byte[] bytes;
      if (declared < 0) {
        bytes = body.readNBytes(Math.toIntExact(most + 1));
      } else {
        bytes = new byte[Math.toIntExact(declared)];
        if (body.readNBytes(bytes, 0, bytes.length) < bytes.length) {
          throw cutOff();
        }
      }
      if (bytes.length > most) {
        throw tooMany(most);
      }
      if (bytes.length == 0) {
        throw new RefusedException(ErrorCode.EMPTY, "the image has no bytes");
      }
      return bytes;
    } catch (IOException e) {
      throw cutOff();
    }
  }

  private static RefusedException tooMany(long most) {
    return new RefusedException(
        ErrorCode.TOO_MANY_BYTES, "an image has at most " + most + " bytes");
  }

  private static RefusedException cutOff() {
    return new RefusedException(
        ErrorCode.INVALID_ARGUMENT, "the body was cut off or came too slowly");
  }
}
