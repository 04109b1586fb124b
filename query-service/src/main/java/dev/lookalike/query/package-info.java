/** What the service is made of ({@code Wiring}), and what it answers to ({@code Endpoints}). */
@NullMarked
package dev.lookalike.query;

import org.jspecify.annotations.NullMarked;
