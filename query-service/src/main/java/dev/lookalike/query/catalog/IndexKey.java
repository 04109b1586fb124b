package dev.lookalike.query.catalog;

/** Names an index. Collections with the same model have builds of the same id. */
public record IndexKey(String collectionId, String buildId) {}
