package dev.lookalike.query.index.milvus;

import dev.lookalike.query.MilvusEngine;

class MilvusStandaloneIT extends MilvusContract {
  @Override
  MilvusEngine.Kind kind() {
    return MilvusEngine.Kind.STANDALONE;
  }
}
