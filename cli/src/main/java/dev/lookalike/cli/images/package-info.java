/** Single images and lists of them, and the collections that they are in. */
@NullMarked
package dev.lookalike.cli.images;

import org.jspecify.annotations.NullMarked;
