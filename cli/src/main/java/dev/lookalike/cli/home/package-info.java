/**
 * The directory that holds all state of one machine: its layout, its lock, its settings, what runs
 * in it.
 */
@NullMarked
package dev.lookalike.cli.home;

import org.jspecify.annotations.NullMarked;
