/** Lets a bounded amount of uploads in, and reads their bytes. */
@NullMarked
package dev.lookalike.ingest.uploads;

import org.jspecify.annotations.NullMarked;
