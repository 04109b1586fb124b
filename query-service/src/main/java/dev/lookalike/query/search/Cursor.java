package dev.lookalike.query.search;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.MessageLite;
import dev.lookalike.query.index.Nearest.Place;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * A place in the answers to a request: opaque to clients, of no use with another request.
 *
 * @param request of which the answer is, as {@link #fingerprint}
 * @param depth answers before this place
 * @param similarity of the last answer; 0 in a listing
 * @param imageId of the last answer
 */
record Cursor(long request, int depth, float similarity, String imageId) {
  private static final byte FORMAT = 1;
  private static final int FIXED = 1 + Long.BYTES + Integer.BYTES + Float.BYTES;
  private static final int MAX_LENGTH = 2048;

  String text() {
    byte[] id = imageId.getBytes(UTF_8);
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(
            ByteBuffer.allocate(FIXED + id.length)
                .put(FORMAT)
                .putLong(request)
                .putInt(depth)
                .putFloat(similarity)
                .put(id)
                .array());
  }

  /**
   * Inverse of {@link #text}.
   *
   * @throws RefusedException if it is none, or of another request
   */
  static Cursor read(String text, long request) {
    if (text.length() <= MAX_LENGTH) {
      try {
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
        if (bytes.remaining() >= FIXED && bytes.get() == FORMAT) {
          long of = bytes.getLong();
          int depth = bytes.getInt();
          float similarity = bytes.getFloat();
          byte[] id = new byte[bytes.remaining()];
          bytes.get(id);
          if (of == request && depth >= 0 && !Float.isNaN(similarity)) {
            return new Cursor(of, depth, similarity, new String(id, UTF_8));
          }
          throw new RefusedException(
              ErrorCode.INVALID_CURSOR,
              "The cursor belongs to another request; send it with the request that it came from.");
        }
      } catch (IllegalArgumentException e) {
        throw new RefusedException(ErrorCode.INVALID_CURSOR, "The cursor cannot be read.");
      }
    }
    throw new RefusedException(ErrorCode.INVALID_CURSOR, "The cursor cannot be read.");
  }

  Place place() {
    return new Place(similarity, imageId);
  }

  /**
   * Tells requests apart.
   *
   * @param request without what may differ between pages
   * @param buildId of the index that answers
   */
  static long fingerprint(MessageLite request, String buildId) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(buildId.getBytes(UTF_8));
      return ByteBuffer.wrap(digest.digest(request.toByteArray())).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
