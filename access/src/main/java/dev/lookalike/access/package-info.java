/** Access keys: what they look like, what they open, the file that holds them. */
@NullMarked
package dev.lookalike.access;

import org.jspecify.annotations.NullMarked;
