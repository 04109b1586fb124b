/** Commands that check and rebuild an index. */
@NullMarked
package dev.lookalike.cli.index;

import org.jspecify.annotations.NullMarked;
