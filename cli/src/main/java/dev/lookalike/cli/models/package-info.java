/** Commands that list models, add them from a folder and pull them from a hub. */
@NullMarked
package dev.lookalike.cli.models;

import org.jspecify.annotations.NullMarked;
