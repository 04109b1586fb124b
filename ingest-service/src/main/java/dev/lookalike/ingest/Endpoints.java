package dev.lookalike.ingest;

import static dev.lookalike.access.Role.ADMIN;
import static dev.lookalike.access.Role.READER;
import static dev.lookalike.access.Role.WRITER;

import dev.lookalike.proto.ingest.v1.DeleteCollectionRequest;
import dev.lookalike.proto.ingest.v1.DeleteImageRequest;
import dev.lookalike.proto.ingest.v1.DeleteImagesRequest;
import dev.lookalike.proto.ingest.v1.GetCollectionRequest;
import dev.lookalike.proto.ingest.v1.GetContentRequest;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.proto.ingest.v1.PatchImageRequest;
import dev.lookalike.proto.ingest.v1.PatchImagesRequest;
import dev.lookalike.proto.ingest.v1.PutClassifierRequest;
import dev.lookalike.proto.ingest.v1.PutImageRequest;
import dev.lookalike.proto.ingest.v1.RemoveClassifierRequest;
import dev.lookalike.proto.ingest.v1.RetryImageRequest;
import dev.lookalike.service.access.AccessTable;

/** Every endpoint of this service, and what it needs of a key. */
public final class Endpoints {
  private static final String COLLECTION = "/v1/collections/{collection}";
  private static final String IMAGE = COLLECTION + "/images/{id}";

  private Endpoints() {}

  /** The table; what is missing in it is refused. */
  public static AccessTable table(boolean openMetrics) {
    return AccessTable.builder(openMetrics)
        .in(WRITER, IngestGrpc.getPutImageMethod(), PutImageRequest::getCollection)
        .in(WRITER, IngestGrpc.getPutImagesMethod(), PutImageRequest::getCollection)
        .in(WRITER, "POST", COLLECTION + "/images")
        .in(WRITER, "PUT", IMAGE)
        .in(WRITER, IngestGrpc.getPatchImageMethod(), PatchImageRequest::getCollection)
        .in(WRITER, "PATCH", IMAGE)
        .in(WRITER, IngestGrpc.getPatchImagesMethod(), PatchImagesRequest::getCollection)
        .in(WRITER, "POST", COLLECTION + "/images:patch")
        .in(WRITER, IngestGrpc.getDeleteImageMethod(), DeleteImageRequest::getCollection)
        .in(WRITER, "DELETE", IMAGE)
        .in(WRITER, IngestGrpc.getDeleteImagesMethod(), DeleteImagesRequest::getCollection)
        .in(WRITER, "POST", COLLECTION + "/images:delete")
        .in(WRITER, IngestGrpc.getRetryImageMethod(), RetryImageRequest::getCollection)
        .in(WRITER, "POST", IMAGE + "/retry")
        // Labels many images, as a patch by filter does.
        .in(WRITER, IngestGrpc.getPutClassifierMethod(), PutClassifierRequest::getCollection)
        .in(WRITER, "PUT", COLLECTION + "/classifier")
        .in(WRITER, IngestGrpc.getRemoveClassifierMethod(), RemoveClassifierRequest::getCollection)
        .in(WRITER, "DELETE", COLLECTION + "/classifier")
        .in(READER, IngestGrpc.getGetContentMethod(), GetContentRequest::getCollection)
        .in(READER, "GET", IMAGE + "/content")
        // A new name takes the place of what keys for it opened before: only who may everything.
        .everywhere(ADMIN, IngestGrpc.getCreateCollectionMethod())
        .everywhere(ADMIN, "POST", "/v1/collections")
        .everywhere(ADMIN, IngestGrpc.getRenameCollectionMethod())
        .everywhere(ADMIN, "PATCH", COLLECTION)
        .in(ADMIN, IngestGrpc.getDeleteCollectionMethod(), DeleteCollectionRequest::getCollection)
        .in(ADMIN, "DELETE", COLLECTION)
        .in(READER, IngestGrpc.getGetCollectionMethod(), GetCollectionRequest::getCollection)
        .in(READER, "GET", COLLECTION)
        .somewhere(READER, IngestGrpc.getListCollectionsMethod())
        .somewhere(READER, "GET", "/v1/collections")
        .build();
  }
}
