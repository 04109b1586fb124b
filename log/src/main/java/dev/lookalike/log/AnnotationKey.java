package dev.lookalike.log;

import dev.lookalike.proto.image.v1.ImageVersion;
import java.util.Optional;

/**
 * The key of an annotation, read.
 *
 * @param imageId the image that is spoken of
 * @param subject what is said of it: "attributes/NAME", "labels/user" or "labels/taught"
 * @param version that is spoken of; absent in keys of before it was part of them
 */
public record AnnotationKey(String imageId, String subject, Optional<ImageVersion> version) {}
