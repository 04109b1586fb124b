package dev.lookalike.embed.model;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.io.InputStream;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What must be known of an ONNX graph before it is loaded, read field by field so that weights are
 * skipped and never held. Field numbers are those of onnx.proto3 (ONNX 1.19).
 *
 * @param externalFiles files beside the graph that hold weights, as the graph names them
 * @param dynamicallyQuantised whether activations are quantised by the range of their batch, so
 *     that a vector depends on what else is in it
 */
record GraphFile(SortedSet<String> externalFiles, boolean dynamicallyQuantised) {
  private static final int MODEL_GRAPH = 7;
  private static final int GRAPH_NODE = 1;
  private static final int GRAPH_INITIALIZER = 5;
  private static final int NODE_OP_TYPE = 4;
  private static final int NODE_ATTRIBUTE = 5;
  private static final int ATTRIBUTE_TENSOR = 5;
  private static final int ATTRIBUTE_GRAPH = 6;
  private static final int TENSOR_EXTERNAL_DATA = 13;
  private static final int ENTRY_KEY = 1;
  private static final int ENTRY_VALUE = 2;

  /** Messages within messages, at most: graphs in attributes of nodes of graphs. */
  private static final int MAX_DEPTH = 64;

  private enum Kind {
    MODEL,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR
  }

  private static final class Scan {
    private final SortedSet<String> files = new TreeSet<>();
    private boolean dynamic;

    void read(CodedInputStream in, Kind kind, int depth) throws IOException {
      if (depth > MAX_DEPTH) {
        throw new IOException("messages nest deeper than " + MAX_DEPTH);
      }
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        int field = WireFormat.getTagFieldNumber(tag);
        boolean message = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
        if (message && kind == Kind.MODEL && field == MODEL_GRAPH) {
          nested(in, Kind.GRAPH, depth);
        } else if (message && kind == Kind.GRAPH && field == GRAPH_NODE) {
          nested(in, Kind.NODE, depth);
        } else if (message && kind == Kind.GRAPH && field == GRAPH_INITIALIZER) {
          nested(in, Kind.TENSOR, depth);
        } else if (message && kind == Kind.NODE && field == NODE_ATTRIBUTE) {
          nested(in, Kind.ATTRIBUTE, depth);
        } else if (message && kind == Kind.NODE && field == NODE_OP_TYPE) {
          dynamic |= in.readString().equals("DynamicQuantizeLinear");
        } else if (message && kind == Kind.ATTRIBUTE && field == ATTRIBUTE_TENSOR) {
          nested(in, Kind.TENSOR, depth);
        } else if (message && kind == Kind.ATTRIBUTE && field == ATTRIBUTE_GRAPH) {
          nested(in, Kind.GRAPH, depth);
        } else if (message && kind == Kind.TENSOR && field == TENSOR_EXTERNAL_DATA) {
          entry(in);
        } else if (!in.skipField(tag)) {
          throw new IOException("a group ends that did not begin");
        }
      }
    }

    private void nested(CodedInputStream in, Kind kind, int depth) throws IOException {
      int limit = in.pushLimit(in.readRawVarint32());
      read(in, kind, depth + 1);
      in.popLimit(limit);
    }

    private void entry(CodedInputStream in) throws IOException {
      int limit = in.pushLimit(in.readRawVarint32());
      String key = "";
      String value = "";
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        switch (WireFormat.getTagFieldNumber(tag)) {
          case ENTRY_KEY -> key = in.readString();
          case ENTRY_VALUE -> value = in.readString();
          default -> in.skipField(tag);
        }
      }
      in.popLimit(limit);
      if (key.equals("location")) {
        files.add(value);
      }
    }
  }

  /**
   * @throws IOException where the bytes are no protobuf message, or end too early
   */
  static GraphFile read(InputStream bytes) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(bytes, 1 << 16);
    in.setSizeLimit(Integer.MAX_VALUE);
    Scan scan = new Scan();
    scan.read(in, Kind.MODEL, 0);
    return new GraphFile(scan.files, scan.dynamic);
  }
}
