/** What the service measures. */
@NullMarked
package dev.lookalike.query.metrics;

import org.jspecify.annotations.NullMarked;
