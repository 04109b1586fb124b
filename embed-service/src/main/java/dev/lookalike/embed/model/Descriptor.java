package dev.lookalike.embed.model;

import static dev.lookalike.embed.model.OnnxGraph.integer;
import static dev.lookalike.embed.model.OnnxGraph.integers;

import java.util.List;

/**
 * The graph of the built-in model: nothing in it is trained.
 *
 * <p>Input {@code pixels [N, 3, 98, 98]}, RGB, float32, 0..1. Output {@code embedding [N, 944]},
 * float32, not negative, never all zero:
 *
 * <ul>
 *   <li>shape, 512 numbers: histograms of oriented gradients (Dalal and Triggs, 2005), 8 unsigned
 *       orientations in 8 x 8 cells of 12 pixels, each cell divided by the energy of the 3 x 3
 *       cells around it; the orientation of a gradient falls off with the eighth power of the
 *       cosine;
 *   <li>colour, 432 numbers: how near the pixels of 4 x 4 cells are to 27 colours.
 * </ul>
 */
final class Descriptor {
  /** Pixels of a side: 96 with a rim of one for the gradients, so that no border is an edge. */
  static final int SIDE = 98;

  private static final int ORIENTATIONS = 8;
  private static final float[] LEVELS = {0.1f, 0.5f, 0.9f};
  private static final int COLOURS = LEVELS.length * LEVELS.length * LEVELS.length;

  /** Sum of the three differences at which a colour counts as far. */
  private static final float REACH = 0.8f;

  /**
   * Share of colour beside shape. On photographs of clothes anything up to .45 leaves R@1 by class
   * as it is with shape alone (.495), .6 costs .05; people expect alike colours first.
   */
  private static final float COLOUR_WEIGHT = 0.3f;

  private static final float[] SOBEL = {-1, 0, 1, -2, 0, 2, -1, 0, 1};

  private Descriptor() {}

  /** The bytes of the graph; the same at each call. */
  static byte[] graph() {
    OnnxGraph g = new OnnxGraph("descriptor");
    g.input("pixels", -1, 3, SIDE, SIDE);
    String shape = normalised(g, "shape", shape(g));
    String colour = normalised(g, "colour", colour(g));
    String weight = g.floats("colour_weight", new float[] {COLOUR_WEIGHT}, 1);
    String weighted = g.node("Mul", "colour_weighted", List.of(colour, weight));
    g.node("Concat", "embedding", List.of(shape, weighted), integer("axis", 1));
    g.output("embedding", -1, 8 * 8 * ORIENTATIONS + 4 * 4 * COLOURS);
    return g.toByteArray();
  }

  private static String shape(OnnxGraph g) {
    // ITU-R BT.601 luma.
    String luma = g.floats("luma", new float[] {0.299f, 0.587f, 0.114f}, 1, 3, 1, 1);
    String grey = g.node("Conv", "grey", List.of("pixels", luma));
    float[] kernels = new float[ORIENTATIONS * 9];
    for (int i = 0; i < ORIENTATIONS; i++) {
      // StrictMath, so that the bytes and with them the digest are the same on every machine.
      double angle = StrictMath.PI * i / ORIENTATIONS;
      for (int y = 0; y < 3; y++) {
        for (int x = 0; x < 3; x++) {
          kernels[i * 9 + y * 3 + x] =
              (float)
                  (StrictMath.cos(angle) * SOBEL[y * 3 + x]
                      + StrictMath.sin(angle) * SOBEL[x * 3 + y]);
        }
      }
    }
    String directions = g.floats("directions", kernels, ORIENTATIONS, 1, 3, 3);
    String slopes = g.node("Conv", "slopes", List.of(grey, directions));
    String squares = g.node("Mul", "slopes_squared", List.of(slopes, slopes));
    // The squares of a gradient over evenly spaced directions sum to half their number.
    String sum = g.floats("sum", filled(ORIENTATIONS, 2f / ORIENTATIONS), 1, ORIENTATIONS, 1, 1);
    String tiny = g.floats("tiny", new float[] {1e-6f}, 1);
    String energy = g.node("Conv", "energy", List.of(squares, sum, tiny));
    String cosine2 = g.node("Div", "cosine_2", List.of(squares, energy));
    String cosine4 = g.node("Mul", "cosine_4", List.of(cosine2, cosine2));
    String cosine8 = g.node("Mul", "cosine_8", List.of(cosine4, cosine4));
    String magnitude = g.node("Sqrt", "magnitude", List.of(energy));
    String oriented = g.node("Mul", "oriented", List.of(cosine8, magnitude));
    String cells =
        g.node(
            "AveragePool",
            "cells",
            List.of(oriented),
            integers("kernel_shape", 12L, 12L),
            integers("strides", 12L, 12L));
    String cells2 = g.node("Mul", "cells_squared", List.of(cells, cells));
    String ones = g.floats("ones", filled(ORIENTATIONS, 1), 1, ORIENTATIONS, 1, 1);
    String floor = g.floats("floor", new float[] {0.01f}, 1);
    String cellEnergy = g.node("Conv", "cell_energy", List.of(cells2, ones));
    String around =
        g.node(
            "AveragePool",
            "around",
            List.of(cellEnergy),
            integers("kernel_shape", 3L, 3L),
            integers("strides", 1L, 1L),
            integers("pads", 1L, 1L, 1L, 1L),
            integer("count_include_pad", 1));
    String lifted = g.node("Add", "lifted", List.of(around, floor));
    String contrast = g.node("Sqrt", "contrast", List.of(lifted));
    return g.node("Div", "shape_cells", List.of(cells, contrast));
  }

  private static String colour(OnnxGraph g) {
    float[] copies = new float[COLOURS * 3 * 3];
    float[] centres = new float[COLOURS * 3];
    float[] sums = new float[COLOURS * COLOURS * 3];
    for (int colour = 0; colour < COLOURS; colour++) {
      float[] rgb = {
        LEVELS[colour / 9], LEVELS[colour / 3 % 3], LEVELS[colour % 3],
      };
      for (int channel = 0; channel < 3; channel++) {
        int row = colour * 3 + channel;
        copies[row * 3 + channel] = 1;
        centres[row] = -rgb[channel];
        sums[colour * COLOURS * 3 + row] = -1 / REACH;
      }
    }
    // Pools the picture by 3 first: colours of 32 x 32 points are enough, and nine times as quick.
    String points =
        g.node(
            "AveragePool",
            "points",
            List.of("pixels"),
            integers("kernel_shape", 3L, 3L),
            integers("strides", 3L, 3L));
    String weights = g.floats("copies", copies, COLOURS * 3, 3, 1, 1);
    String offsets = g.floats("centres", centres, COLOURS * 3);
    String differences = g.node("Conv", "differences", List.of(points, weights, offsets));
    String distances = g.node("Abs", "distances", List.of(differences));
    String nearness =
        g.node(
            "Conv",
            "nearness",
            List.of(
                distances,
                g.floats("sums", sums, COLOURS, COLOURS * 3, 1, 1),
                g.floats("one", filled(COLOURS, 1), COLOURS)));
    String near = g.node("Relu", "near", List.of(nearness));
    return g.node(
        "AveragePool",
        "colour_cells",
        List.of(near),
        integers("kernel_shape", 8L, 8L),
        integers("strides", 8L, 8L));
  }

  /** Flattened and divided by its length. */
  private static String normalised(OnnxGraph g, String name, String from) {
    String flat = g.node("Flatten", name + "_flat", List.of(from), integer("axis", 1));
    String length =
        g.node(
            "ReduceL2",
            name + "_length",
            List.of(flat),
            integers("axes", 1L),
            integer("keepdims", 1));
    String least = g.floats(name + "_least", new float[] {1e-6f}, 1);
    String positive = g.node("Add", name + "_positive", List.of(length, least));
    return g.node("Div", name + "_normalised", List.of(flat, positive));
  }

  private static float[] filled(int count, float value) {
    float[] values = new float[count];
    java.util.Arrays.fill(values, value);
    return values;
  }
}
