package dev.lookalike.log;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.proto.image.v1.UploadToken;
import java.util.Base64;
import java.util.Optional;

/** Upload tokens in the form that clients get: base64url without padding. */
public final class Tokens {
  /**
   * Longer strings are not tokens: a collection id, an image id of 128 bytes and a version fit
   * easily.
   */
  private static final int MAX_LENGTH = 512;

  private Tokens() {}

  /** The token as text, URL-safe. */
  public static String encode(UploadToken token) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(token.toByteArray());
  }

  /** Inverse of {@link #encode}; empty if no service of ours made it. */
  public static Optional<UploadToken> decode(String text) {
    if (text.isEmpty() || text.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    try {
      UploadToken token = UploadToken.parseFrom(Base64.getUrlDecoder().decode(text));
      boolean whole =
          !token.getCollectionId().isEmpty()
              && !token.getImageId().isEmpty()
              && token.getVersion().getGeneration() > 0
              && token.getVersion().getPartition() >= 0
              && token.getVersion().getOffset() >= 0;
      return whole ? Optional.of(token) : Optional.empty();
    } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }
}
