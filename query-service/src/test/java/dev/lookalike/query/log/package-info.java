/** How records become changes. */
@NullMarked
package dev.lookalike.query.log;

import org.jspecify.annotations.NullMarked;
