/**
 * Keeps an index true to the log: turns records into changes, and decides when to make them visible
 * and durable. Knows no Kafka: records and positions come in as values.
 */
@NullMarked
package dev.lookalike.query.follow;

import org.jspecify.annotations.NullMarked;
