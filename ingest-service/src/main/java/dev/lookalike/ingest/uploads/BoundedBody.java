package dev.lookalike.ingest.uploads;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.rest.ImageBody;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** A body that is refused where it is longer than it may be, or takes too long to arrive. */
final class BoundedBody extends FilterInputStream {
  private final long most;
  private final long maxImageBytes;
  private final Duration timeout;
  private final long deadline;
  private long read;

  /**
   * @param most bytes of the body, at most
   * @param maxImageBytes what is said of a body that is longer
   * @param timeout from now until the last byte
   */
  BoundedBody(InputStream body, long most, long maxImageBytes, Duration timeout) {
    super(body);
    this.most = most;
    this.maxImageBytes = maxImageBytes;
    this.timeout = timeout;
    this.deadline = System.nanoTime() + timeout.toNanos();
  }

  @Override
  public int read() throws IOException {
    int value = super.read();
    count(value < 0 ? 0 : 1);
    return value;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    int got = super.read(target, offset, length);
    count(Math.max(got, 0));
    return got;
  }

  private void count(int got) {
    read += got;
    if (read > most) {
      throw ImageBody.tooMany(maxImageBytes);
    }
    if (System.nanoTime() - deadline > 0) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT,
          "the upload did not arrive within " + timeout.toSeconds() + " s");
    }
  }
}
