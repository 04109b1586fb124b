/** Images of the log to outcomes: records in, equally many outcomes out; knows no Kafka. */
@NullMarked
package dev.lookalike.embed.stage;

import org.jspecify.annotations.NullMarked;
