package dev.lookalike.query.index.milvus;

import dev.lookalike.engines.MilvusEngine;

class MilvusLiteIT extends MilvusContract {
  @Override
  MilvusEngine.Kind kind() {
    return MilvusEngine.Kind.LITE;
  }
}
