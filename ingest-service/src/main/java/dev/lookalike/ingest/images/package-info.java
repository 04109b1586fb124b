/** The images: accepted, patched, deleted, offered again. */
@NullMarked
package dev.lookalike.ingest.images;

import org.jspecify.annotations.NullMarked;
