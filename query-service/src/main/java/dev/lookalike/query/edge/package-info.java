/** What each endpoint needs of a key, and how what is refused or has no room is worded. */
@NullMarked
package dev.lookalike.query.edge;

import org.jspecify.annotations.NullMarked;
