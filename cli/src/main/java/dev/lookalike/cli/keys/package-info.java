/** Access keys on this machine: those that commands show, and the file that the services follow. */
@NullMarked
package dev.lookalike.cli.keys;

import org.jspecify.annotations.NullMarked;
