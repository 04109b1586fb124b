/** What keeps an index true to the log, on demand. */
@NullMarked
package dev.lookalike.cli.index;

import org.jspecify.annotations.NullMarked;
