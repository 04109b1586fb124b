package dev.lookalike.query.store;

import dev.lookalike.engines.MilvusEngine;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Its tests wait for the server most of their time, each for its own collection. */
@Execution(ExecutionMode.CONCURRENT)
class MilvusStoreLiteIT extends MilvusStoreContract {
  @Override
  MilvusEngine.Kind kind() {
    return MilvusEngine.Kind.LITE;
  }
}
