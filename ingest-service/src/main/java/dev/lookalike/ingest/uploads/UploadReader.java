package dev.lookalike.ingest.uploads;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Reads the body of an upload within its limits: of bytes, and of time. Blocks the caller;
 * thread-safe.
 */
@Singleton
public class UploadReader {
  private static final int STEP = 16 << 10;

  private final long maxImageBytes;
  private final Duration timeout;

  @Inject
  public UploadReader(UploadSettings settings) {
    this(settings.maxImageBytes().asLongValue(), settings.readTimeout());
  }

  UploadReader(long maxImageBytes, Duration timeout) {
    this.maxImageBytes = maxImageBytes;
    this.timeout = timeout;
  }

  /**
   * What the upload must reserve.
   *
   * @param declared length of the body
   * @param largest what an upload of unknown length counts
   * @throws RefusedException TOO_MANY_BYTES when it is declared to be too long, or EMPTY
   */
  public long toReserve(OptionalLong declared, String mediaType, long largest) {
    long most = most(Multipart.boundary(mediaType));
    if (declared.isPresent() && declared.getAsLong() > most) {
      throw tooManyBytes();
    }
    return declared.orElse(largest);
  }

  /**
   * @param body untrusted; may end early, never end, or be longer than declared
   * @throws RefusedException TOO_MANY_BYTES, EMPTY, INVALID_ARGUMENT
   */
  public Upload read(InputStream body, OptionalLong declared, String mediaType) {
    long deadline = System.nanoTime() + timeout.toNanos();
    Optional<String> boundary = Multipart.boundary(mediaType);
    try {
      if (boundary.isEmpty() && declared.isPresent()) {
        byte[] image = new byte[Math.toIntExact(declared.getAsLong())];
        int done = 0;
        while (done < image.length) {
          int got = body.read(image, done, image.length - done);
          if (got < 0) {
            throw cutOff();
          }
          done += got;
          checkTime(deadline);
        }
        return whole(new Upload(image, Optional.empty(), List.of()));
      }
      try (Spool spool = new Spool()) {
        byte[] step = new byte[STEP];
        int got;
        while ((got = body.read(step)) >= 0) {
          if (spool.size() + got > most(boundary)) {
            throw tooManyBytes();
          }
          spool.append(step, got);
          checkTime(deadline);
        }
        if (boundary.isPresent()) {
          return whole(Multipart.read(spool, boundary.get()));
        }
        return whole(new Upload(spool.bytes(0, spool.size()), Optional.empty(), List.of()));
      }
    } catch (IOException e) {
      throw cutOff();
    }
  }

  private long most(Optional<String> boundary) {
    return boundary.isPresent() ? maxImageBytes + UploadPolicy.OVERHEAD_BYTES : maxImageBytes;
  }

  private Upload whole(Upload upload) {
    if (upload.image().length == 0) {
      throw new RefusedException(ErrorCode.EMPTY, "the image has no bytes");
    }
    if (upload.image().length > maxImageBytes) {
      throw tooManyBytes();
    }
    return upload;
  }

  private void checkTime(long deadline) {
    if (System.nanoTime() > deadline) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT,
          "the upload did not arrive within " + timeout.toSeconds() + " s");
    }
  }

  private RefusedException tooManyBytes() {
    return new RefusedException(
        ErrorCode.TOO_MANY_BYTES, "an image has at most " + maxImageBytes + " bytes");
  }

  private static RefusedException cutOff() {
    return new RefusedException(
        ErrorCode.INVALID_ARGUMENT, "the upload was cut off or came too slowly");
  }
}
