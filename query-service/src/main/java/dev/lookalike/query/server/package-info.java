/** The process: errors at the edge, refusals to start, health, shutdown. */
@NullMarked
package dev.lookalike.query.server;

import org.jspecify.annotations.NullMarked;
