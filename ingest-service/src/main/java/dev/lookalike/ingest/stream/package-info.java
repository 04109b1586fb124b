/**
 * The log, as this service uses it: appends with the broker's acknowledgement, reads single
 * records.
 */
@NullMarked
package dev.lookalike.ingest.stream;

import org.jspecify.annotations.NullMarked;
