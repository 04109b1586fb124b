package dev.lookalike.embed;

import static dev.lookalike.access.Role.READER;

import dev.lookalike.embed.builds.ServedBuilds;
import dev.lookalike.proto.embed.v1.EmbedGrpc;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.GetClassifierRequest;
import dev.lookalike.service.access.AccessSettings;
import dev.lookalike.service.access.AccessTable;
import dev.lookalike.service.access.CollectionNames;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Every endpoint of this service, and what it needs of a key. */
@Singleton
public class Endpoints {

  /** The table; what is missing in it is refused. */
  public static AccessTable table(boolean openMetrics) {
    return AccessTable.builder(openMetrics)
        .in(READER, EmbedGrpc.getEmbedImagesMethod(), EmbedImagesRequest::getCollectionId)
        .in(READER, "POST", "/v1/collections/{collection}/embed")
        .in(READER, EmbedGrpc.getGetClassifierMethod(), GetClassifierRequest::getCollection)
        .in(READER, "GET", "/v1/collections/{collection}/classifier")
        .somewhere(READER, EmbedGrpc.getListModelsMethod())
        .somewhere(READER, "GET", "/v1/models")
        .build();
  }

  @Produces
  @Singleton
  AccessTable table(AccessSettings settings) {
    return table(settings.openMetrics());
  }

  @Produces
  @Singleton
  CollectionNames names(ServedBuilds builds) {
    return nameOrId -> builds.collection(nameOrId).map(state -> state.collection().getName());
  }
}
