package dev.lookalike.query.store;

import dev.lookalike.engines.MilvusEngine;

class MilvusStoreLiteIT extends MilvusStoreContract {
  @Override
  MilvusEngine.Kind kind() {
    return MilvusEngine.Kind.LITE;
  }
}
