/**
 * The engines that tests run against, and where they come from: an address given, a container, a
 * process. Of tests only: nothing that is shipped depends on it.
 */
@NullMarked
package dev.lookalike.engines;

import org.jspecify.annotations.NullMarked;
