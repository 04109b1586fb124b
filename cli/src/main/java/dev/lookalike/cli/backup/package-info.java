/** Backup of the whole state to one archive, and restore. */
@NullMarked
package dev.lookalike.cli.backup;

import org.jspecify.annotations.NullMarked;
