/**
 * Access keys on this machine: the keys that commands send, and the file that the services watch.
 */
@NullMarked
package dev.lookalike.cli.keys;

import org.jspecify.annotations.NullMarked;
