/** A Kafka broker (KRaft, broker and controller in one) in its own JVM, for one machine. */
@NullMarked
package dev.lookalike.broker;

import org.jspecify.annotations.NullMarked;
