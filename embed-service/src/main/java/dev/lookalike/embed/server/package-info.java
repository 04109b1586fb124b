/** The process: what it refuses and how, what it counts, how it ends. */
@NullMarked
package dev.lookalike.embed.server;

import org.jspecify.annotations.NullMarked;
