/** The bytes of images, read back from the log and the BlobStore. */
@NullMarked
package dev.lookalike.ingest.content;

import org.jspecify.annotations.NullMarked;
