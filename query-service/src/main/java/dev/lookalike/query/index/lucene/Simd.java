package dev.lookalike.query.index.lucene;

import org.apache.lucene.codecs.hnsw.DefaultFlatVectorScorer;
import org.apache.lucene.codecs.hnsw.FlatVectorScorerUtil;

/**
 * Whether Lucene compares vectors with SIMD instructions. It does so through the Vector API, which
 * needs {@code --add-modules=jdk.incubator.vector}, the optimising compiler (not {@code
 * -XX:TieredStopAtLevel=1}), a version of Java that Lucene knows and a CPU with vectors of 128
 * bits.
 */
public final class Simd {
  private Simd() {}

  /**
   * Asks Lucene itself: its provider of vector code is internal, but it is also what chooses the
   * scorer of the vector formats, and that can be seen. Only the provider without SIMD gives the
   * default one. That the module is there would say less: Lucene also looks at the rest.
   */
  public static boolean isUsed() {
    return !(FlatVectorScorerUtil.getLucene99FlatVectorsScorer()
        instanceof DefaultFlatVectorScorer);
  }

  /** What keeps Lucene from it, for a person. Its log line of the first comparison says more. */
  public static String obstacle() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()
        ? "start Java with --add-modules=jdk.incubator.vector"
        : "the module is there, but compiler, Java or CPU do not serve (the log says which)";
  }
}
