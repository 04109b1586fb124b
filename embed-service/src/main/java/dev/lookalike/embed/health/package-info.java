/** Whether this instance can be used, with reasons. */
@NullMarked
package dev.lookalike.embed.health;

import org.jspecify.annotations.NullMarked;
