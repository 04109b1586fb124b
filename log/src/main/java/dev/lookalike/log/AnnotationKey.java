package dev.lookalike.log;

/**
 * The key of an annotation, read.
 *
 * @param imageId the image that is spoken of
 * @param subject what is said of it: "attributes/NAME", "labels/user" or "labels/taught"
 */
public record AnnotationKey(String imageId, String subject) {}
