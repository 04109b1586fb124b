/** How a service uses Kafka: client settings, calls with a deadline, requirements of topics. */
@NullMarked
package dev.lookalike.service.kafka;

import org.jspecify.annotations.NullMarked;
