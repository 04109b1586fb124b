/** What unit tests give to the cores: everything in memory. */
@NullMarked
package dev.lookalike.ingest.fakes;

import org.jspecify.annotations.NullMarked;
