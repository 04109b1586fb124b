/** From pixels to the input tensor of a model, as pure functions. */
@NullMarked
package dev.lookalike.embed.preprocess;

import org.jspecify.annotations.NullMarked;
