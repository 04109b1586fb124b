/** Records of the topics as the rest of the service sees them: what it appends and reads. */
@NullMarked
package dev.lookalike.ingest.records;

import org.jspecify.annotations.NullMarked;
