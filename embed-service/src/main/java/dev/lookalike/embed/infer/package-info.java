/** Batches of images through a model: decode, preprocess, infer; online ahead of bulk. */
@NullMarked
package dev.lookalike.embed.infer;

import org.jspecify.annotations.NullMarked;
