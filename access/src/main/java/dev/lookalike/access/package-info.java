/** Access keys: their form, their grants, and the file that holds them. */
@NullMarked
package dev.lookalike.access;

import org.jspecify.annotations.NullMarked;
