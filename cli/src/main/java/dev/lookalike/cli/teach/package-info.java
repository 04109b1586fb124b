/** Teaching: a classifier for a collection's own labels, on its embeddings. */
@NullMarked
package dev.lookalike.cli.teach;

import org.jspecify.annotations.NullMarked;
