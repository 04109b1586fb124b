package dev.lookalike.ingest.grpc;

import dev.lookalike.ingest.collections.DescribedCollection;
import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.ingest.v1.BuildInfo;
import dev.lookalike.proto.ingest.v1.CollectionInfo;

/** Collections as the contract has them. */
final class CollectionInfos {
  private CollectionInfos() {}

  static CollectionInfo of(CollectionState state) {
    return of(DescribedCollection.of(state));
  }

  static CollectionInfo of(DescribedCollection described) {
    Collection collection = described.state().collection();
    CollectionInfo.Builder info =
        CollectionInfo.newBuilder()
            .setId(collection.getId())
            .setName(collection.getName())
            .setModel(collection.getModel())
            .setGeneration(collection.getGeneration())
            .setPartitions(collection.getPartitions())
            .setBounds(collection.getBounds())
            .setKeepOriginals(collection.getKeepOriginals())
            .setCreatedAt(collection.getCreatedAt())
            .setAcceptSmallerImages(collection.getAcceptSmallerImages());
    described.problem().ifPresent(info::setProblem);
    described.counts().ifPresent(info::setCounts);
    described
        .state()
        .live()
        .ifPresent(
            build ->
                info.setBuild(
                    BuildInfo.newBuilder().setId(build.getId()).setModel(build.getModel())));
    return info.build();
  }
}
