package dev.lookalike.log;

import dev.lookalike.proto.image.v1.ImageVersion;
import java.util.Optional;

/**
 * The parsed key of an annotation.
 *
 * @param imageId the annotated image
 * @param subject what is set: "attributes/NAME", "labels/user" or "labels/taught"
 * @param version of the image; absent in old keys, which had none
 */
public record AnnotationKey(String imageId, String subject, Optional<ImageVersion> version) {}
