package dev.lookalike.embed.model.graph;

import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.model.graph.GraphFile.Part;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which tensor of a graph is the embedding.
 *
 * @param name of the tensor; where the graph does not give it out, it is made an output
 * @param pooling how one row of it is made a vector; empty: by the number of its dimensions
 * @param stated whether the folder asks for something else than what the rules choose
 */
public record EmbeddingTensor(String name, Optional<Pooling> pooling, boolean stated) {
  /** Outputs that are taken, in this order. */
  private static final List<String> OUTPUTS =
      List.of("embedding", "image_embeds", "pooler_output", "last_hidden_state");

  /** The head of a classification export. */
  public static final String LOGITS = "logits";

  /** Operators of a classification head that multiply by weights: input 0 is what is classified. */
  private static final Set<String> MULTIPLIES =
      Set.of(
          "Gemm",
          "MatMul",
          "MatMulInteger",
          "QLinearMatMul",
          "QGemm",
          "MatMulNBits",
          "FusedGemm",
          "FusedMatMul",
          "MatMulIntegerToFloat",
          "DynamicQuantizeMatMul");

  /** Operators between the multiplication and the logits, that change no direction in it. */
  private static final Set<String> PASSES =
      Set.of(
          "Identity",
          "Add",
          "Cast",
          "Mul",
          "QuantizeLinear",
          "DequantizeLinear",
          "Reshape",
          "Flatten",
          "Squeeze");

  /** Operators in front of the multiplication that only change how numbers are written. */
  private static final Set<String> WRITES =
      Set.of("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Cast", "Identity");

  /** Nodes between the logits and their product, at most; a head has no more than six. */
  private static final int MAX_STEPS = 12;

  /**
   * @throws ModelRefusedException where none can be told, with an export that would have one
   */
  public static EmbeddingTensor of(GraphFile graph, StatedTensors stated) {
    Optional<String> rule = byRule(graph);
    Optional<String> asked = stated.output();
    if (asked.isPresent()
        && !graph.outputs().contains(asked.get())
        && !graph.producers().containsKey(asked.get())) {
      throw new ModelRefusedException("output", asked.get(), names(graph.outputs()));
    }
    String name = asked.or(() -> rule).orElseThrow(() -> refusal(graph.outputs()));
    Optional<Pooling> pooling =
        name.equals("pooler_output") ? Optional.of(Pooling.FLATTEN) : Optional.empty();
    return new EmbeddingTensor(
        name,
        stated.pooling().or(() -> pooling),
        stated.pooling().isPresent() || !rule.equals(Optional.of(name)));
  }

  private static Optional<String> byRule(GraphFile graph) {
    List<String> outputs = graph.outputs();
    return OUTPUTS.stream().filter(outputs::contains).findFirst().or(() -> classified(graph));
  }

  private static ModelRefusedException refusal(List<String> outputs) {
    return new ModelRefusedException(
        "output",
        "one of "
            + String.join(", ", OUTPUTS)
            + ", "
            + LOGITS
            + " of a linear head, or output in lookalike-model.json (an export that has one:"
            + " optimum-cli export onnx --model MODEL --task feature-extraction FOLDER)",
        names(outputs));
  }

  public static String names(Collection<String> names) {
    return names.isEmpty() ? "none" : String.join(", ", new TreeSet<>(names));
  }

  /** What a linear classification head multiplies. */
  private static Optional<String> classified(GraphFile graph) {
    return graph.outputs().contains(LOGITS)
        ? multiplied(LOGITS, graph.producers(), MAX_STEPS)
        : Optional.empty();
  }

  /**
   * From a sum, scale or other form of a product back to what was multiplied by weights; empty
   * where that is no single tensor: a head that is no linear one.
   */
  private static Optional<String> multiplied(
      String name, Map<String, Part.Node> producers, int steps) {
    Part.Node node = producers.get(name);
    if (node == null || node.inputs().isEmpty() || steps == 0) {
      return Optional.empty();
    }
    if (MULTIPLIES.contains(node.operator())) {
      return Optional.of(plain(node.inputs().getFirst(), producers));
    }
    if (!PASSES.contains(node.operator())) {
      return Optional.empty();
    }
    List<String> found =
        node.inputs().stream()
            .flatMap(each -> multiplied(each, producers, steps - 1).stream())
            .toList();
    return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
  }

  /** The tensor before it was quantised or cast. */
  private static String plain(String name, Map<String, Part.Node> producers) {
    String at = name;
    for (int step = 0; step < MAX_STEPS; step++) {
      Part.Node node = producers.get(at);
      if (node == null || node.inputs().isEmpty() || !WRITES.contains(node.operator())) {
        return at;
      }
      at = node.inputs().getFirst();
    }
    return at;
  }
}
