/** Filters over attributes, labels and ids: what they mean, and how their text is read. */
@NullMarked
package dev.lookalike.query.filter;

import org.jspecify.annotations.NullMarked;
