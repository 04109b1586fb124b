/** Output and exit codes of every command: tables, JSON, messages. */
@NullMarked
package dev.lookalike.cli.terminal;

import org.jspecify.annotations.NullMarked;
