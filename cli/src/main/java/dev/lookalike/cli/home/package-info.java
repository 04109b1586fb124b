/**
 * The directory that holds all state of one machine: its layout, its lock, its settings and its
 * running processes.
 */
@NullMarked
package dev.lookalike.cli.home;

import org.jspecify.annotations.NullMarked;
