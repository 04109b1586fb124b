/** The process: how it is wired, errors at the edge, health, shutdown. */
@NullMarked
package dev.lookalike.query.server;

import org.jspecify.annotations.NullMarked;
