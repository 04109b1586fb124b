/** The HTTP endpoints and their JSON. */
@NullMarked
package dev.lookalike.embed.rest;

import org.jspecify.annotations.NullMarked;
