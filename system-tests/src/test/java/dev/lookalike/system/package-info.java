/**
 * The whole system, tested through its real parts: the command line, a Kafka broker, three
 * services.
 */
@NullMarked
package dev.lookalike.system;

import org.jspecify.annotations.NullMarked;
