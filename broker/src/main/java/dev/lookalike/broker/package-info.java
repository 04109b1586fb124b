/** A Kafka broker (KRaft, broker and controller in one) in a JVM of its own, for one machine. */
@NullMarked
package dev.lookalike.broker;

import org.jspecify.annotations.NullMarked;
