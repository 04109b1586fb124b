/**
 * Models in ONNX Runtime: checked against their folder, fed and run. The only package that knows
 * it.
 */
@NullMarked
package dev.lookalike.embed.model.runtime;

import org.jspecify.annotations.NullMarked;
