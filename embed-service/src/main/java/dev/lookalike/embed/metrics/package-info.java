/** What is counted and timed. */
@NullMarked
package dev.lookalike.embed.metrics;

import org.jspecify.annotations.NullMarked;
