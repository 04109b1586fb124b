/** ONNX graphs as files: what goes in and out, which part of one runs, nodes in front of it. */
@NullMarked
package dev.lookalike.embed.model.graph;

import org.jspecify.annotations.NullMarked;
