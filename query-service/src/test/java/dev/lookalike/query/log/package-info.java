/** Following the log with Kafka's own fake of a consumer. */
@NullMarked
package dev.lookalike.query.log;

import org.jspecify.annotations.NullMarked;
