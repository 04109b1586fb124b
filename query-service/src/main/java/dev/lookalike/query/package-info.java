/** Placeholder. */
@org.jspecify.annotations.NullMarked
package dev.lookalike.query;
