package dev.lookalike.ingest.images;

import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.service.error.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything about an upload but its bytes, checked.
 *
 * @param id the client's own, or derived from its idempotency key; empty: derived from the content
 */
public record PutCommand(
    String collection,
    Optional<String> id,
    Map<String, AttributeValue> attributes,
    List<Label> labels) {
  public PutCommand {
    attributes = Map.copyOf(attributes);
    labels = List.copyOf(labels);
  }

  /**
   * @param imageId the client's own; empty: none
   * @param idempotencyKey empty: none; not looked at where there is an id
   * @throws RefusedException INVALID_IMAGE_ID, INVALID_ATTRIBUTE, INVALID_ARGUMENT
   */
  public static PutCommand of(
      String collection,
      Optional<String> imageId,
      Optional<String> idempotencyKey,
      Map<String, AttributeValue> attributes,
      List<String> labels) {
    return new PutCommand(
        collection,
        imageId.map(ImageIds::checked).or(() -> idempotencyKey.map(ImageIds::ofKey)),
        Attributes.checked(attributes),
        Labels.ofUser(labels));
  }

  /**
   * The same with what a form says; what it does not say stays.
   *
   * @throws RefusedException INVALID_ATTRIBUTE, INVALID_ARGUMENT
   */
  public PutCommand withForm(
      Optional<Map<String, AttributeValue>> formAttributes, List<String> formLabels) {
    return new PutCommand(
        collection,
        id,
        formAttributes.map(Attributes::checked).orElse(attributes),
        formLabels.isEmpty() ? labels : Labels.ofUser(formLabels));
  }
}
