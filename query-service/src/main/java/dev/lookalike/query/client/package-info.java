/** Clients of other services. */
@NullMarked
package dev.lookalike.query.client;

import org.jspecify.annotations.NullMarked;
