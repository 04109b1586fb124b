package dev.lookalike.query.index.milvus;

import dev.lookalike.query.MilvusEngine;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Its tests wait for the server most of their time, each for its own collection. */
@Execution(ExecutionMode.CONCURRENT)
class MilvusStandaloneIT extends MilvusContract {
  @Override
  MilvusEngine.Kind kind() {
    return MilvusEngine.Kind.STANDALONE;
  }
}
