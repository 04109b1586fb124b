/** Takes what collections were taught, and puts it into the log. */
@NullMarked
package dev.lookalike.ingest.classifiers;

import org.jspecify.annotations.NullMarked;
