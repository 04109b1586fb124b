/** How records become changes, and when they are made visible and durable. */
@NullMarked
package dev.lookalike.query.follow;

import org.jspecify.annotations.NullMarked;
