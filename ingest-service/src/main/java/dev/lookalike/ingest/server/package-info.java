/** The process itself: how it says what went wrong, what it measures. */
@NullMarked
package dev.lookalike.ingest.server;

import org.jspecify.annotations.NullMarked;
