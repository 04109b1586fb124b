/** How records become changes. */
@NullMarked
package dev.lookalike.query.sink;

import org.jspecify.annotations.NullMarked;
