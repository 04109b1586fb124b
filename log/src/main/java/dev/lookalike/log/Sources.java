package dev.lookalike.log;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.lookalike.proto.image.v1.ImageVersion;
import java.util.Optional;

/**
 * The header of an outcome's record: the version that it belongs to. The value has it, too; the
 * header keeps it readable if the value cannot be parsed, so that nobody waits for ever.
 */
public final class Sources {
  /** Name of the header. */
  public static final String HEADER = "source";

  private static final int MAX_BYTES = 64;

  private Sources() {}

  /** Value of the header: the version as text. */
  public static byte[] header(ImageVersion version) {
    return Versions.text(version).getBytes(US_ASCII);
  }

  /** Inverse of {@link #header}; empty for anything else. */
  public static Optional<ImageVersion> version(byte[] header) {
    return header.length > MAX_BYTES
        ? Optional.empty()
        : Versions.parse(new String(header, US_ASCII));
  }
}
