package dev.lookalike.ingest.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.regex.Pattern;

/**
 * Ids of images: the client's own, or derived, so that a repeated request gets the same id from any
 * instance. A derived id is the first 160 bits of a SHA-256 in base32 (RFC 4648, lower case): 32
 * characters.
 */
public final class ImageIds {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:@+=~-]{0,127}");
  private static final char[] BASE32 = "abcdefghijklmnopqrstuvwxyz234567".toCharArray();
  private static final int DERIVED_BYTES = 20;

  /** Prefixes of what is hashed: a key and a content never give the same id. */
  private static final String KEY_DOMAIN = "key\0";

  private static final String CONTENT_DOMAIN = "content\0";
  private static final int MAX_KEY_BYTES = 256;

  private ImageIds() {}

  /**
   * @throws RefusedException INVALID_IMAGE_ID
   */
  public static String checked(String id) {
    if (!ID.matcher(id).matches()) {
      throw new RefusedException(
          ErrorCode.INVALID_IMAGE_ID, "an image id must match " + ID.pattern());
    }
    return id;
  }

  /**
   * @throws RefusedException INVALID_ARGUMENT for a key that is empty or too long
   */
  static String ofKey(String key) {
    byte[] bytes = key.getBytes(UTF_8);
    if (bytes.length == 0 || bytes.length > MAX_KEY_BYTES) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT,
          "an idempotency key must have 1 to %d bytes".formatted(MAX_KEY_BYTES));
    }
    return derived(KEY_DOMAIN, bytes);
  }

  static String ofContent(byte[] content) {
    return derived(CONTENT_DOMAIN, content);
  }

  private static String derived(String domain, byte[] bytes) {
    MessageDigest sha256 = sha256();
    sha256.update(domain.getBytes(UTF_8));
    return base32(sha256.digest(bytes));
  }

  private static String base32(byte[] digest) {
    StringBuilder text = new StringBuilder();
    int bits = 0;
    int held = 0;
    for (int i = 0; i < DERIVED_BYTES; i++) {
      held = (held << 8) | (digest[i] & 0xff);
      bits += 8;
      while (bits >= 5) {
        bits -= 5;
        text.append(BASE32[(held >> bits) & 31]);
      }
      held &= (1 << bits) - 1;
    }
    return text.toString();
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
