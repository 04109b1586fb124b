/** What the query service is asked. */
@NullMarked
package dev.lookalike.ingest.search;

import org.jspecify.annotations.NullMarked;
