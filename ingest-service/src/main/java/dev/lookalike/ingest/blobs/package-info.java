/** Uploaded bytes that are kept. */
@NullMarked
package dev.lookalike.ingest.blobs;

import org.jspecify.annotations.NullMarked;
