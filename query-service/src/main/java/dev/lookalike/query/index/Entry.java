package dev.lookalike.query.index;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.Label;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the index says about one image id.
 *
 * @param outcome as the log has it, without its embedding: reason, provenance, ...
 * @param attributes of the upload, as changed since; by name
 * @param labels of the upload, as changed since, then those of the model
 * @param embedding unit length; only if asked for, and only of a searchable image; never written to
 */
public record Entry(
    String imageId,
    ImageVersion version,
    State state,
    EmbeddingEvent outcome,
    Map<String, AttributeValue> attributes,
    List<Label> labels,
    Optional<float[]> embedding) {
  public Entry {
    attributes = Map.copyOf(attributes);
    labels = List.copyOf(labels);
  }

  /** SHA-256 of the uploaded bytes; empty if it is not known. */
  public ByteString originalSha256() {
    return outcome.hasEmbedded()
        ? outcome.getEmbedded().getOriginal().getSha256()
        : outcome.getRejected().getOriginal().getSha256();
  }
}
