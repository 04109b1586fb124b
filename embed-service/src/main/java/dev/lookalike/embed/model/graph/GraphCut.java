package dev.lookalike.embed.model.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.lookalike.embed.model.graph.GraphFile.Part;
import dev.lookalike.embed.model.graph.GraphFile.Span;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A graph without what is not needed for some of its tensors: the text side of a CLIP falls away
 * when only the embedding of the image is wanted, and a tensor within the graph becomes an output.
 *
 * @param inputs that are still needed, the weights not among them
 * @param wanted the outputs
 * @param prefix stands in front of it, and has its input
 */
public record GraphCut(
    GraphFile file,
    List<String> inputs,
    List<String> wanted,
    Set<String> needed,
    Optional<PixelPrefix> prefix) {

  /**
   * @param wanted names of tensors that nodes of the graph give, or of its inputs
   */
  public static GraphCut of(GraphFile file, List<String> wanted) {
    Map<String, Part.Node> producers = file.producers();
    Set<String> needed = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(wanted);
    while (!open.isEmpty()) {
      String name = open.pop();
      if (needed.add(name)) {
        Part.Node node = producers.get(name);
        if (node != null) {
          open.addAll(node.inputs());
        }
      }
    }
    List<String> inputs = file.inputs().stream().filter(needed::contains).toList();
    return new GraphCut(file, inputs, List.copyOf(wanted), needed, Optional.empty());
  }

  /** The same behind a prefix. */
  public GraphCut behind(PixelPrefix front) {
    return new GraphCut(file, inputs, wanted, needed, Optional.of(front));
  }

  /** Whether anything is left out or added. */
  boolean changes() {
    return prefix.isPresent()
        || !new TreeSet<>(file.outputs()).equals(new TreeSet<>(wanted))
        || inputs.size() != file.inputs().size();
  }

  /** Whether a part of the graph stays. */
  public boolean keeps(Part part) {
    return switch (part) {
      case Part.Node node -> node.outputs().stream().anyMatch(needed::contains);
      case Part.Initializer initializer -> needed.contains(initializer.name());
      case Part.Input input ->
          needed.contains(input.name())
              && prefix.stream().noneMatch(front -> front.replaced().equals(input.name()));
      case Part.Output output -> wanted.contains(output.name());
      case Part.Other other -> true;
    };
  }

  /** The file, or where something changes a new one in the arena. */
  public MemorySegment bytes(Arena arena) {
    if (!changes()) {
      return file.bytes();
    }
    List<Span> kept = new ArrayList<>();
    long graphBytes = 0;
    for (Part part : file.parts()) {
      if (keeps(part)) {
        kept.add(part.span());
        graphBytes += part.span().to() - part.span().from();
      }
    }
    byte[] front = prefix.map(PixelPrefix::fields).orElse(new byte[0]);
    byte[] added = outputs();
    graphBytes += front.length + added.length;
    byte[] head = head(Math.toIntExact(graphBytes));
    long before = file.graphAt().from();
    long after = file.bytes().byteSize() - file.graphAt().to();
    MemorySegment target = arena.allocate(before + head.length + graphBytes + after, 1);
    long at = copy(file.bytes(), 0, target, 0, before);
    at = copy(MemorySegment.ofArray(head), 0, target, at, head.length);
    // Nodes are written in the order in which they run.
    at = copy(MemorySegment.ofArray(front), 0, target, at, front.length);
    for (Span span : kept) {
      at = copy(file.bytes(), span.from(), target, at, span.to() - span.from());
    }
    at = copy(MemorySegment.ofArray(added), 0, target, at, added.length);
    copy(file.bytes(), file.graphAt().to(), target, at, after);
    return target;
  }

  private static long copy(
      MemorySegment source, long from, MemorySegment target, long to, long count) {
    MemorySegment.copy(source, from, target, to, count);
    return to + count;
  }

  /** Outputs that the file does not have, by name only: ONNX Runtime finds type and shape. */
  private byte[] outputs() {
    List<String> there = file.outputs();
    GraphProto.Builder added = GraphProto.newBuilder();
    for (String name : wanted) {
      if (!there.contains(name)) {
        added.addOutput(ValueInfoProto.newBuilder().setName(name));
      }
    }
    return added.build().toByteArray();
  }

  /** Tag and length of the main graph within its file. */
  private static byte[] head(int graphBytes) {
    byte[] head =
        new byte
            [CodedOutputStream.computeTagSize(ModelProto.GRAPH_FIELD_NUMBER)
                + CodedOutputStream.computeUInt32SizeNoTag(graphBytes)];
    CodedOutputStream out = CodedOutputStream.newInstance(head);
    try {
      out.writeTag(ModelProto.GRAPH_FIELD_NUMBER, WireFormat.WIRETYPE_LENGTH_DELIMITED);
      out.writeUInt32NoTag(graphBytes);
    } catch (IOException e) {
      throw new UncheckedIOException("memory does not fail", e);
    }
    return head;
  }
}
