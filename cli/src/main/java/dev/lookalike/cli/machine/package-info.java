/** Starts, watches and stops the broker and the services of one machine. */
@NullMarked
package dev.lookalike.cli.machine;

import org.jspecify.annotations.NullMarked;
