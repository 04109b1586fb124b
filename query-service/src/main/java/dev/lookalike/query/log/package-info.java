/** Follows the log: the only package that reads topics, and the only one with Kafka's clients. */
@NullMarked
package dev.lookalike.query.log;

import org.jspecify.annotations.NullMarked;
