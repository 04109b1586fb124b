/** Where the indexes of builds are kept: opened, built beside one another, promoted, deleted. */
@NullMarked
package dev.lookalike.query.store;

import org.jspecify.annotations.NullMarked;
