/** Searches, and shows the results. */
@NullMarked
package dev.lookalike.cli.search;

import org.jspecify.annotations.NullMarked;
