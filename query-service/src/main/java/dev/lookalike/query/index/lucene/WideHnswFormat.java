package dev.lookalike.query.index.lucene;

import java.io.IOException;
import org.apache.lucene.codecs.KnnVectorsFormat;
import org.apache.lucene.codecs.KnnVectorsReader;
import org.apache.lucene.codecs.KnnVectorsWriter;
import org.apache.lucene.codecs.lucene99.Lucene99HnswVectorsFormat;
import org.apache.lucene.index.SegmentReadState;
import org.apache.lucene.index.SegmentWriteState;

/**
 * Lucene's HNSW with room for 4,096 dimensions; Lucene stops at 1,024 by default, and MobileNetV2
 * has 1,280. The name is written into every segment: an index can be opened while a format of this
 * name is registered in {@code META-INF/services}.
 */
public final class WideHnswFormat extends KnnVectorsFormat {
  static final int MAX_DIMENSION = 4096;

  /** Neighbours of a node (M) and candidates when a node is added, both as Lucene recommends. */
  private final KnnVectorsFormat hnsw =
      new Lucene99HnswVectorsFormat(
          Lucene99HnswVectorsFormat.DEFAULT_MAX_CONN, Lucene99HnswVectorsFormat.DEFAULT_BEAM_WIDTH);

  /** Made by Lucene. */
  public WideHnswFormat() {
    super("LookalikeWideHnsw");
  }

  @Override
  public KnnVectorsWriter fieldsWriter(SegmentWriteState state) throws IOException {
    return hnsw.fieldsWriter(state);
  }

  @Override
  public KnnVectorsReader fieldsReader(SegmentReadState state) throws IOException {
    return hnsw.fieldsReader(state);
  }

  @Override
  public int getMaxDimensions(String field) {
    return MAX_DIMENSION;
  }
}
