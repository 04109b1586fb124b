package dev.lookalike.ingest.images;

import dev.lookalike.proto.image.v1.ImageVersion;

/**
 * What the broker acknowledged.
 *
 * @param collection name
 * @param token names this upload or delete to the query service
 */
public record Accepted(String collection, String imageId, ImageVersion version, String token) {}
