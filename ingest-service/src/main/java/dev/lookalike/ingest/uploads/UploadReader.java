package dev.lookalike.ingest.uploads;

import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.rest.ImageBody;
import dev.lookalike.service.rest.ImageForm;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Reads the body of an upload within its limits: of bytes, and of time. Blocks the caller;
 * thread-safe.
 */
public final class UploadReader {
  private static final String ATTRIBUTES = "attributes";
  private static final String LABEL = "label";

  private final long maxImageBytes;
  private final Duration timeout;

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
   * @throws RefusedException TOO_MANY_BYTES when it is declared to be too long, INVALID_ARGUMENT
   *     for a form without a boundary
   */
  public long toReserve(OptionalLong declared, String mediaType, long largest) {
    long most = most(ImageForm.boundary(mediaType));
    if (declared.isPresent() && declared.getAsLong() > most) {
      throw ImageBody.tooMany(maxImageBytes);
    }
    return declared.orElse(largest);
  }

  /**
   * Reads an image, or a form with one.
   *
   * @param body untrusted; may end early, never end, or be longer than declared
   * @throws RefusedException TOO_MANY_BYTES, EMPTY, INVALID_ARGUMENT
   */
  public Upload read(InputStream body, OptionalLong declared, String mediaType) {
    Optional<String> boundary = ImageForm.boundary(mediaType);
    InputStream bounded = new BoundedBody(body, most(boundary), maxImageBytes, timeout);
    if (boundary.isEmpty()) {
      byte[] image = ImageBody.read(bounded, declared.orElse(-1), maxImageBytes);
      return new Upload(image, Optional.empty(), List.of());
    }
    ImageForm form =
        ImageForm.read(bounded, boundary.get(), Set.of(ATTRIBUTES, LABEL), maxImageBytes);
    List<String> attributes = form.texts(ATTRIBUTES);
    return new Upload(
        form.image(),
        attributes.isEmpty() ? Optional.empty() : Optional.of(attributes.getLast()),
        form.texts(LABEL));
  }

  private long most(Optional<String> boundary) {
    return boundary.isPresent() ? maxImageBytes + UploadPolicy.OVERHEAD_BYTES : maxImageBytes;
  }
}
