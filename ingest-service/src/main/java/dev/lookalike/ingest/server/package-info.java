/** The JSON of clients. */
@NullMarked
package dev.lookalike.ingest.server;

import org.jspecify.annotations.NullMarked;
