package dev.lookalike.query.follow;

import org.jspecify.annotations.Nullable;

/**
 * A record of a topic that feeds an index. The arrays belong to the record and are never written
 * to; so records are not to be compared with {@link #equals}.
 *
 * @param source value of the header that names the image version, see {@link
 *     dev.lookalike.log.Sources}; null where there is none
 */
public record LogRecord(
    String topic,
    int partition,
    long offset,
    byte @Nullable [] key,
    byte @Nullable [] value,
    byte @Nullable [] source) {}
