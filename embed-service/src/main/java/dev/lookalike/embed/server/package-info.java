/** The process: where it listens, what it refuses and how, what it counts. */
@NullMarked
package dev.lookalike.embed.server;

import org.jspecify.annotations.NullMarked;
