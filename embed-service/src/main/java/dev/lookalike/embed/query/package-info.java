/** Query images: embedded on request, along the path of stored images. */
@NullMarked
package dev.lookalike.embed.query;

import org.jspecify.annotations.NullMarked;
