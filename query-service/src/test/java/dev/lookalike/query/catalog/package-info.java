@NullMarked
package dev.lookalike.query.catalog;

import org.jspecify.annotations.NullMarked;
