/** The embedded index. The only package that knows Lucene. */
@NullMarked
package dev.lookalike.query.index.lucene;

import org.jspecify.annotations.NullMarked;
