/** Everything that is state as one archive, and back. */
@NullMarked
package dev.lookalike.cli.backup;

import org.jspecify.annotations.NullMarked;
