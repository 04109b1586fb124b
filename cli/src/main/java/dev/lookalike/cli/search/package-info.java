/** Searches, and shows what was found. */
@NullMarked
package dev.lookalike.cli.search;

import org.jspecify.annotations.NullMarked;
