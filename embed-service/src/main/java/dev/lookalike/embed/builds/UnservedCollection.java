package dev.lookalike.embed.builds;

/**
 * A collection, or a build of it, that nothing here is computed for, and why.
 *
 * @param collection its name
 */
public record UnservedCollection(String collectionId, String collection, String reason) {}
