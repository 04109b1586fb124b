/**
 * Model folders: read, verified against their graph, run. The only package that knows ONNX Runtime.
 */
@NullMarked
package dev.lookalike.embed.model;

import org.jspecify.annotations.NullMarked;
