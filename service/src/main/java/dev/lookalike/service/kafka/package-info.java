/**
 * How a service reaches Kafka: settings of its clients, calls with a deadline, topics as they must
 * be.
 */
@NullMarked
package dev.lookalike.service.kafka;

import org.jspecify.annotations.NullMarked;
