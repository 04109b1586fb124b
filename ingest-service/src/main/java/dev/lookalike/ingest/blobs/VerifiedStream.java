package dev.lookalike.ingest.blobs;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The bytes of a blob, held against its key while they are read: the last of them are handed out
 * only when all together have the hash that the key names.
 */
final class VerifiedStream extends FilterInputStream {
  private final BlobKey key;
  private final long sizeBytes;
  private final MessageDigest sha256;
  private long passed;

  /**
   * @param sizeBytes what {@code bytes} should yield
   */
  VerifiedStream(InputStream bytes, BlobKey key, long sizeBytes) throws IOException {
    super(bytes);
    this.key = key;
    this.sizeBytes = sizeBytes;
    try {
      this.sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    if (sizeBytes == 0) {
      verify();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /** Whoever gets the last byte has got the right ones. */
  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    int count = super.read(into, offset, length);
    if (count < 0) {
      if (passed < sizeBytes) {
        throw new IOException(
            "blob %s ends after %d of %d bytes".formatted(key.text(), passed, sizeBytes));
      }
      return count;
    }
    sha256.update(into, offset, count);
    passed += count;
    if (passed == sizeBytes && count > 0) {
      verify();
    }
    return count;
  }

  @Override
  public long skip(long count) throws IOException {
    return readNBytes((int) Math.min(count, 1 << 16)).length;
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  private void verify() throws IOException {
    String found = HexFormat.of().formatHex(sha256.digest());
    if (!found.equals(key.contentHash())) {
      throw new IOException("blob %s is damaged: its SHA-256 is %s".formatted(key.text(), found));
    }
  }
}
