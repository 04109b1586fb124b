/** The packaged service with a real broker. */
@NullMarked
package dev.lookalike.ingest.system;

import org.jspecify.annotations.NullMarked;
