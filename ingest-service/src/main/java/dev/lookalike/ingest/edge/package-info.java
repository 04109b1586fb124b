/** What each endpoint needs of a key, and how what is refused is worded. */
@NullMarked
package dev.lookalike.ingest.edge;

import org.jspecify.annotations.NullMarked;
