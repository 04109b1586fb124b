/** Answers: searches, states of uploads, entries, counts. */
@NullMarked
package dev.lookalike.query.search;

import org.jspecify.annotations.NullMarked;
