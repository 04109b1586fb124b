package dev.lookalike.ingest.blobs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a blob is. Each part is made of letters and digits only, so that it can be a path; none
 * comes from a client.
 *
 * @param imageHash lower-case hex SHA-256 of the image id
 * @param contentHash lower-case hex SHA-256 of the bytes
 */
public record BlobKey(String collectionId, String imageHash, String contentHash) {
  private static final Pattern COLLECTION = Pattern.compile("[a-z0-9]{8,32}");
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern TEXT =
      Pattern.compile("([a-z0-9]{8,32})/([0-9a-f]{64})/([0-9a-f]{64})");

  public BlobKey {
    if (!COLLECTION.matcher(collectionId).matches()
        || !HASH.matcher(imageHash).matches()
        || !HASH.matcher(contentHash).matches()) {
      throw new IllegalArgumentException("not the key of a blob");
    }
  }

  /**
   * @param contentSha256 32 bytes
   */
  public static BlobKey of(String collectionId, String imageId, byte[] contentSha256) {
    return new BlobKey(collectionId, imageHash(imageId), HexFormat.of().formatHex(contentSha256));
  }

  /** Whether this is the id of a collection, and so safe as a path. */
  static boolean isCollectionId(String text) {
    return COLLECTION.matcher(text).matches();
  }

  static String imageHash(String imageId) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(imageId.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** As in BlobReference.key. */
  public String text() {
    return collectionId + "/" + imageHash + "/" + contentHash;
  }

  /** Inverse of {@link #text}; empty for anything else. */
  public static Optional<BlobKey> parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    return matcher.matches()
        ? Optional.of(new BlobKey(matcher.group(1), matcher.group(2), matcher.group(3)))
        : Optional.empty();
  }
}
