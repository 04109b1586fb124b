package dev.lookalike.ingest.rest;

import dev.lookalike.ingest.blobs.BlobStore;
import dev.lookalike.ingest.content.Contents;
import dev.lookalike.ingest.content.Contents.Variant;
import dev.lookalike.ingest.metrics.IngestMetrics.Operation;
import dev.lookalike.ingest.metrics.Operations;
import dev.lookalike.log.Versions;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.service.access.Caller;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.Problem;
import dev.lookalike.service.error.RefusedException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestQuery;
import org.jspecify.annotations.Nullable;

/** The bytes of images over HTTP. */
@Path("/v1/collections/{collection}/images/{id}/content")
@Tag(name = "content", description = "The bytes of images")
@RunOnVirtualThread
public class ContentResource {
  private static final String FOREVER = "max-age=31536000, immutable";

  private final Contents contents;
  private final Operations operations;

  public ContentResource(Contents contents, Operations operations) {
    this.contents = contents;
    this.operations = operations;
  }

  @GET
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "getContent",
      summary = "The bytes of an image",
      description =
          "With an explicit version the answer never changes and may be kept forever; without one it is that of the version that the index knows.")
  @APIResponse(
      responseCode = "200",
      description = "The bytes; the tag is made of their SHA-256",
      content =
          @Content(
              mediaType = "image/*",
              schema = @Schema(type = SchemaType.STRING, format = "binary")))
  @APIResponse(responseCode = "304", description = "The client has them")
  @APIResponse(
      responseCode = "default",
      description = "Refused; the code says why",
      content =
          @Content(
              mediaType = Problem.MEDIA_TYPE,
              schema = @Schema(implementation = Problem.class)))
  public Response get(
      @PathParam("collection") String collection,
      @PathParam("id") String id,
      @Parameter(
              description =
                  "original (if the collection keeps them), canonical, or thumbnail (long side at most 256)",
              schema =
                  @Schema(
                      enumeration = {"original", "canonical", "thumbnail"},
                      defaultValue = "canonical"))
          @RestQuery
          @Nullable String variant,
      @Parameter(description = "generation.partition.offset", example = "1.2.1234") @RestQuery
          @Nullable String version,
      @HeaderParam("If-None-Match") @Nullable String ifNoneMatch,
      @Context RoutingContext routing) {
    // What a key has opened is no other's to find in a cache on the way.
    String forWhom = Caller.of(routing).hasKey() ? "private, " : "public, ";
    return operations.count(
        Operation.CONTENT,
        () -> {
          Contents.Found found = contents.find(collection, id, variant(variant), version(version));
          String tag = "\"" + found.tag() + "\"";
          Response.ResponseBuilder response;
          if (matches(ifNoneMatch, tag)) {
            response = Response.notModified();
          } else {
            BlobStore.Opened opened = contents.open(found);
            response =
                Response.ok(opened.bytes())
                    .type(found.mediaType())
                    .header("Content-Length", opened.sizeBytes());
          }
          return response
              .header("ETag", tag)
              .header("Cache-Control", version == null ? "no-cache" : forWhom + FOREVER)
              .header("Lookalike-Version", Versions.text(found.version()))
              .header("X-Content-Type-Options", "nosniff")
              .header("Content-Security-Policy", "default-src 'none'; sandbox")
              .build();
        });
  }

  private static boolean matches(@Nullable String ifNoneMatch, String tag) {
    if (ifNoneMatch == null) {
      return false;
    }
    for (String one : ifNoneMatch.split(",", -1)) {
      String known = one.strip();
      if (known.equals("*") || known.equals(tag) || known.equals("W/" + tag)) {
        return true;
      }
    }
    return false;
  }

  private static Variant variant(@Nullable String variant) {
    if (variant == null) {
      return Variant.CANONICAL;
    }
    return switch (variant) {
      case "original" -> Variant.ORIGINAL;
      case "canonical" -> Variant.CANONICAL;
      case "thumbnail" -> Variant.THUMBNAIL;
      default ->
          throw new RefusedException(
              ErrorCode.INVALID_ARGUMENT, "variant is original, canonical or thumbnail");
    };
  }

  private static Optional<ImageVersion> version(@Nullable String version) {
    if (version == null) {
      return Optional.empty();
    }
    return Optional.of(
        Versions.parse(version)
            .orElseThrow(
                () ->
                    new RefusedException(
                        ErrorCode.INVALID_ARGUMENT, "a version is generation.partition.offset")));
  }
}
