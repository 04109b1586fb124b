package dev.lookalike.query.store;

import dev.lookalike.engines.MilvusEngine;

class MilvusStoreStandaloneIT extends MilvusStoreContract {
  @Override
  MilvusEngine.Kind kind() {
    return MilvusEngine.Kind.STANDALONE;
  }
}
