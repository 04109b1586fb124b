package dev.lookalike.ingest.uploads;

import java.util.List;
import java.util.Optional;

/**
 * What a request brought, as it came.
 *
 * @param image untrusted; owned by whoever holds the record
 * @param attributes a JSON object
 */
public record Upload(byte[] image, Optional<String> attributes, List<String> labels) {
  public Upload {
    labels = List.copyOf(labels);
  }
}
