/**
 * What every service does as a process: where it may listen, when it ends, what it keeps at rest.
 */
@NullMarked
package dev.lookalike.service.process;

import org.jspecify.annotations.NullMarked;
