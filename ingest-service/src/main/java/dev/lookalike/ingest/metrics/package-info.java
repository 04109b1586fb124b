/** What is counted and timed. */
@NullMarked
package dev.lookalike.ingest.metrics;

import org.jspecify.annotations.NullMarked;
