package dev.lookalike.embed.model.runtime;

import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.model.folder.ModelFolder;
import dev.lookalike.embed.model.graph.EmbeddingTensor;
import dev.lookalike.embed.model.graph.GraphCut;
import dev.lookalike.embed.model.graph.GraphFile;
import dev.lookalike.embed.model.graph.GraphFile.Part;
import dev.lookalike.embed.model.graph.PixelPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What goes into a graph and what is taken from it.
 *
 * @param cut the graph that runs
 * @param input of the graph, before a prefix
 * @param logits of the classification head; empty where there is none, or no names of classes
 */
record GraphPorts(
    GraphCut cut, Part.Input input, EmbeddingTensor embedding, Optional<String> logits) {
  /**
   * @throws ModelRefusedException where the folder states what the graph does not have, or more
   *     than pixels would have to go in
   */
  static GraphPorts of(ModelFolder folder, OnnxModel.Feed feed) {
    GraphFile graph = folder.graph();
    EmbeddingTensor embedding = EmbeddingTensor.of(graph, folder.stated());
    Optional<String> logits = logits(folder, embedding);
    List<String> wanted = new ArrayList<>(List.of(embedding.name()));
    logits.ifPresent(wanted::add);
    GraphCut cut = GraphCut.of(graph, wanted);
    String input = input(folder, cut, embedding);
    Optional<PixelPrefix> prefix =
        switch (feed) {
          case TENSORS -> Optional.empty();
          case PIXELS -> PixelPrefix.of(graph, input, folder.preprocessor());
        };
    return new GraphPorts(
        prefix.map(cut::behind).orElse(cut), graph.input(input), embedding, logits);
  }

  private static Optional<String> logits(ModelFolder folder, EmbeddingTensor embedding) {
    GraphFile graph = folder.graph();
    Optional<String> stated = folder.stated().logits();
    if (stated.isPresent()
        && !graph.outputs().contains(stated.get())
        && !graph.producers().containsKey(stated.get())) {
      throw new ModelRefusedException(
          "logits", stated.get(), EmbeddingTensor.names(graph.outputs()));
    }
    // Without names there is nothing to say of a class.
    return stated
        .or(() -> Optional.of(EmbeddingTensor.LOGITS).filter(graph.outputs()::contains))
        .filter(name -> !folder.labels().isEmpty() && !name.equals(embedding.name()));
  }

  private static String input(ModelFolder folder, GraphCut cut, EmbeddingTensor embedding) {
    Optional<String> stated = folder.stated().input();
    if (cut.inputs().size() != 1) {
      throw new ModelRefusedException(
          "input",
          "one, the pixels, for output " + embedding.name(),
          EmbeddingTensor.names(cut.inputs()));
    }
    String only = cut.inputs().getFirst();
    if (stated.isPresent() && !stated.get().equals(only)) {
      throw new ModelRefusedException("input", stated.get(), only);
    }
    return only;
  }

  /** Whether the graph is fed 8-bit pixels, and makes its own input of them. */
  boolean fedPixels() {
    return cut.prefix().isPresent();
  }

  /** Name of what is fed. */
  String fed() {
    return fedPixels() ? PixelPrefix.INPUT : input.name();
  }

  /** Names of what is taken. */
  Set<String> outputs() {
    return logits.isPresent() ? Set.of(embedding.name(), logits.get()) : Set.of(embedding.name());
  }
}
