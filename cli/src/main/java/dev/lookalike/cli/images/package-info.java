/** Commands for images, lists of images and collections. */
@NullMarked
package dev.lookalike.cli.images;

import org.jspecify.annotations.NullMarked;
