/** The process: how it is wired, errors at the edge, health, shutdown. */
@NullMarked
package dev.lookalike.query.health;

import org.jspecify.annotations.NullMarked;
