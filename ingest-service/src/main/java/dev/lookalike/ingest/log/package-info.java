/** What appends to the topics, reads single records, creates topics and deletes them. */
@NullMarked
package dev.lookalike.ingest.log;

import org.jspecify.annotations.NullMarked;
