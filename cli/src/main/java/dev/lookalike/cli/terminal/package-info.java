/** What every command says and how it ends: tables, JSON, exit codes. */
@NullMarked
package dev.lookalike.cli.terminal;

import org.jspecify.annotations.NullMarked;
