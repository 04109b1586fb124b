package dev.lookalike.embed.stage;

/**
 * One record of the images topic, unread.
 *
 * @param key image id, UTF-8; not copied
 * @param value {@code ImageEvent}, or bytes that are none; not copied
 */
public record ImageRecord(RecordPosition position, byte[] key, byte[] value) {}
