package dev.lookalike.log;

import dev.lookalike.proto.image.v1.ImageVersion;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text form and order of image versions. */
public final class Versions {
  /**
   * Oldest first. Meaningful between versions of one image id, which share a partition within a
   * generation; the partition takes part only to keep the order total.
   */
  public static final Comparator<ImageVersion> OLDEST_FIRST =
      Comparator.comparingInt(ImageVersion::getGeneration)
          .thenComparingLong(ImageVersion::getOffset)
          .thenComparingInt(ImageVersion::getPartition);

  /** Nine digits fit an int, eighteen a long. */
  private static final Pattern TEXT = Pattern.compile("(\\d{1,9})\\.(\\d{1,9})\\.(\\d{1,18})");

  private Versions() {}

  /** "generation.partition.offset". */
  public static String text(ImageVersion version) {
    return version.getGeneration() + "." + version.getPartition() + "." + version.getOffset();
  }

  /** Inverse of {@link #text}; empty for anything else. */
  public static Optional<ImageVersion> parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        ImageVersion.newBuilder()
            .setGeneration(Integer.parseInt(matcher.group(1)))
            .setPartition(Integer.parseInt(matcher.group(2)))
            .setOffset(Long.parseLong(matcher.group(3)))
            .build());
  }
}
