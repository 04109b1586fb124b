package dev.lookalike.query;

import static dev.lookalike.access.Role.ADMIN;
import static dev.lookalike.access.Role.READER;

import dev.lookalike.proto.search.v1.CompareIndexRequest;
import dev.lookalike.proto.search.v1.CountImagesRequest;
import dev.lookalike.proto.search.v1.DescribeIndexRequest;
import dev.lookalike.proto.search.v1.GetImageRequest;
import dev.lookalike.proto.search.v1.ListImagesRequest;
import dev.lookalike.proto.search.v1.RebuildIndexRequest;
import dev.lookalike.proto.search.v1.SearchGrpc;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.query.catalog.Catalog;
import dev.lookalike.service.access.AccessSettings;
import dev.lookalike.service.access.AccessTable;
import dev.lookalike.service.access.CollectionNames;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Every endpoint of this service, and what it needs of a key. */
@Singleton
public class Endpoints {
  private static final String COLLECTION = "/v1/collections/{collection}";

  /** The table; what is missing in it is refused. */
  public static AccessTable table(boolean openMetrics) {
    return AccessTable.builder(openMetrics)
        .in(READER, SearchGrpc.getSearchMethod(), SearchRequest::getCollection)
        .in(READER, "POST", COLLECTION + "/search")
        // These name collections in their bodies: Searches and Statuses check each of them.
        .somewhere(READER, SearchGrpc.getSearchBatchMethod())
        .somewhere(READER, "POST", "/v1/search:batch")
        .somewhere(READER, SearchGrpc.getGetStatusMethod())
        .somewhere(READER, "GET", "/v1/status")
        .somewhere(READER, "POST", "/v1/status")
        .in(READER, SearchGrpc.getGetImageMethod(), GetImageRequest::getCollection)
        .in(READER, "GET", COLLECTION + "/images/{id}")
        .in(READER, SearchGrpc.getListImagesMethod(), ListImagesRequest::getCollection)
        .in(READER, "GET", COLLECTION + "/images")
        .in(READER, SearchGrpc.getCountImagesMethod(), CountImagesRequest::getCollection)
        .in(READER, "GET", COLLECTION + "/count")
        .in(READER, SearchGrpc.getDescribeIndexMethod(), DescribeIndexRequest::getCollection)
        .in(READER, "GET", COLLECTION + "/index")
        .in(ADMIN, SearchGrpc.getRebuildIndexMethod(), RebuildIndexRequest::getCollection)
        .in(ADMIN, "POST", COLLECTION + "/index:rebuild")
        .in(ADMIN, SearchGrpc.getCompareIndexMethod(), CompareIndexRequest::getCollection)
        .in(ADMIN, "POST", COLLECTION + "/index:compare")
        .build();
  }

  @Produces
  @Singleton
  AccessTable table(AccessSettings settings) {
    return table(settings.openMetrics());
  }

  @Produces
  @Singleton
  CollectionNames names(Catalog catalog) {
    return catalog::nameOf;
  }
}
