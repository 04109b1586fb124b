/**
 * The engines that tests run against, and where they come from: a given address, a container, a
 * process. For tests only: nothing that is shipped depends on it.
 */
@NullMarked
package dev.lookalike.engines;

import org.jspecify.annotations.NullMarked;
