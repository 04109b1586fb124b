@NullMarked
package dev.lookalike.query.search;

import org.jspecify.annotations.NullMarked;
