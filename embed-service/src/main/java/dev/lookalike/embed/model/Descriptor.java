package dev.lookalike.embed.model;

import static dev.lookalike.embed.model.OnnxGraph.integers;

import java.util.List;

/** The graph of the built-in model. */
final class Descriptor {
  private Descriptor() {}

  static byte[] graph() {
    OnnxGraph g = new OnnxGraph("descriptor");
    g.input("pixels", -1, 3, 96, 96);
    g.node(
        "AveragePool",
        "cells",
        List.of("pixels"),
        integers("kernel_shape", 12L, 12L),
        integers("strides", 12L, 12L));
    g.node("Flatten", "embedding", List.of("cells"), OnnxGraph.integer("axis", 1));
    g.output("embedding", -1, 192);
    return g.toByteArray();
  }
}
