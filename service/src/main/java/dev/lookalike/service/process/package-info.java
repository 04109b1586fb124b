/**
 * What every service does as a process: where it may listen, when it exits, when it returns memory.
 */
@NullMarked
package dev.lookalike.service.process;

import org.jspecify.annotations.NullMarked;
