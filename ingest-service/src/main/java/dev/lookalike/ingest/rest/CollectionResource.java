package dev.lookalike.ingest.rest;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.lookalike.ingest.collections.Catalogue;
import dev.lookalike.ingest.collections.CollectionCommands;
import dev.lookalike.ingest.collections.DescribedCollection;
import dev.lookalike.ingest.collections.Descriptions;
import dev.lookalike.ingest.collections.NewCollection;
import dev.lookalike.ingest.metrics.IngestMetrics.Operation;
import dev.lookalike.ingest.metrics.Operations;
import dev.lookalike.log.CollectionState;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.CanonicalBounds;
import dev.lookalike.proto.ingest.v1.CollectionCounts;
import dev.lookalike.service.access.Caller;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.Problem;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.rest.JsonBody;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Collections over HTTP. */
@Path("/v1/collections")
@Tag(name = "collections", description = "Create, find, rename and delete collections")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@APIResponse(
    responseCode = "default",
    description = "Refused; the code says why",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
public class CollectionResource {
  private final Catalogue catalogue;
  private final CollectionCommands commands;
  private final Descriptions descriptions;
  private final Operations operations;

  public CollectionResource(
      Catalogue catalogue,
      CollectionCommands commands,
      Descriptions descriptions,
      Operations operations) {
    this.catalogue = catalogue;
    this.commands = commands;
    this.descriptions = descriptions;
    this.operations = operations;
  }

  /** Bounds of canonical images. */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  @Schema(
      description = "Limits of the canonical image, fixed when the collection is created",
      example =
          "{\"short_side\": 512, \"long_side\": 4096, \"jpeg_quality\": 90, \"max_bytes\": 1048576}")
  public record BoundsJson(
      @Schema(description = "Pixels, 256 to 1024") @Nullable Integer shortSide,
      @Schema(description = "Pixels, 256 to 16384") @Nullable Integer longSide,
      @Schema(description = "Of the first rung of the ladder, 50 to 100")
          @Nullable Integer jpegQuality,
      @Schema(description = "Bytes of the encoded image, 65536 to 1048576")
          @Nullable Integer maxBytes) {
    static BoundsJson of(CanonicalBounds bounds) {
      return new BoundsJson(
          bounds.getShortSide(),
          bounds.getLongSide(),
          bounds.getJpegQuality(),
          bounds.getMaxBytes());
    }

    /** Static: the build takes what a method of an answer's type gives for a part of the answer. */
    static CanonicalBounds proto(BoundsJson bounds) {
      return CanonicalBounds.newBuilder()
          .setShortSide(orZero("short_side", bounds.shortSide))
          .setLongSide(orZero("long_side", bounds.longSide))
          .setJpegQuality(orZero("jpeg_quality", bounds.jpegQuality))
          .setMaxBytes(orZero("max_bytes", bounds.maxBytes))
          .build();
    }
  }

  /** What to create. */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  @Schema(example = "{\"name\": \"shoes\", \"keep_originals\": true}")
  public record CreateRequest(
      @Schema(required = true, description = "[a-z0-9][a-z0-9_-]{0,63}") @Nullable String name,
      @Schema(description = "Model id; default: the first that is served") @Nullable String model,
      @Schema(description = "Absent fields take the service's defaults")
          @Nullable BoundsJson bounds,
      @Nullable Boolean keepOriginals,
      @Schema(description = "1 to 1024; default 4") @Nullable Integer partitions,
      @Schema(
              description =
                  "Whether the model may be one that wants larger images than the bounds leave")
          @Nullable Boolean acceptSmallerImages) {}

  /** What to change. */
  @Schema(example = "{\"name\": \"boots\"}")
  public record RenameRequest(
      @Schema(required = true, description = "[a-z0-9][a-z0-9_-]{0,63}") @Nullable String name) {}

  /** A collection that was deleted. */
  public record DeletedJson(
      @Schema(required = true) String id, @Schema(required = true) String name) {}

  /** What became of the images. */
  public record CountsJson(
      @Schema(required = true) long searchable,
      @Schema(required = true) long rejected,
      @Schema(required = true) long deleted,
      @Schema(required = true, description = "Without outcome yet, an upper bound") long pending) {
    static CountsJson of(CollectionCounts counts) {
      return new CountsJson(
          counts.getSearchable(), counts.getRejected(), counts.getDeleted(), counts.getPending());
    }
  }

  /** The model that a collection is bound to. */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record BuildJson(
      @Schema(required = true) String id,
      @Schema(required = true, description = "Model id") String model,
      @Schema(required = true) String modelVersion,
      @Schema(required = true, description = "SHA-256 of the weights, hex") String modelDigest,
      @Schema(required = true) String preprocessingVersion,
      @Schema(required = true, description = "Length of an embedding") int dimension) {}

  /** A collection. */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record CollectionJson(
      @Schema(required = true, description = "Immutable, never used again") String id,
      @Schema(required = true) String name,
      @Schema(required = true, description = "Model id asked for; may be empty") String model,
      @Schema(required = true) int generation,
      @Schema(required = true) int partitions,
      @Schema(required = true) BoundsJson bounds,
      @Schema(required = true) boolean keepOriginals,
      @Schema(required = true) boolean acceptSmallerImages,
      @Schema(required = true, examples = "2026-01-31T12:00:00Z") String createdAt,
      @Schema(required = true, description = "Whether a model is bound") boolean bound,
      @Schema(description = "Null until a model is bound") @Nullable BuildJson build,
      @Schema(
              description =
                  "Why no model is bound or why it cannot be searched; null where all is well, and in lists")
          @Nullable String problem,
      @Schema(description = "Null in lists, and where the query service does not tell")
          @Nullable CountsJson counts) {
    static CollectionJson of(CollectionState state) {
      return of(DescribedCollection.of(state));
    }

    static CollectionJson of(DescribedCollection described) {
      CollectionState state = described.state();
      Collection collection = state.collection();
      return new CollectionJson(
          collection.getId(),
          collection.getName(),
          collection.getModel(),
          collection.getGeneration(),
          collection.getPartitions(),
          BoundsJson.of(collection.getBounds()),
          collection.getKeepOriginals(),
          collection.getAcceptSmallerImages(),
          Instant.ofEpochSecond(
                  collection.getCreatedAt().getSeconds(), collection.getCreatedAt().getNanos())
              .toString(),
          state.live().isPresent(),
          state
              .live()
              .map(
                  build ->
                      new BuildJson(
                          build.getId(),
                          build.getModel().getId(),
                          build.getModel().getVersion(),
                          build.getModel().getDigest(),
                          build.getModel().getPreprocessingVersion(),
                          build.getModel().getDimension()))
              .orElse(null),
          described.problem().orElse(null),
          described.counts().map(CountsJson::of).orElse(null));
    }
  }

  /** All collections. */
  public record CollectionsJson(@Schema(required = true) List<CollectionJson> collections) {}

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "createCollection",
      summary = "Create a collection and its topics",
      description =
          "Answers when a model is bound and the collection can be searched, or after lookalike.collections.bind-wait with bound: false or a problem")
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = CreateRequest.class)))
  @APIResponse(
      responseCode = "201",
      description = "Created",
      content = @Content(schema = @Schema(implementation = CollectionJson.class)))
  public Response create(InputStream body) {
    return operations.count(
        Operation.CREATE_COLLECTION,
        () -> {
          CreateRequest request = JsonBody.read(body, CreateRequest.class);
          if (request.name() == null) {
            throw new RefusedException(
                ErrorCode.INVALID_COLLECTION_NAME, "field \"name\" is missing");
          }
          DescribedCollection created =
              commands.create(
                  new NewCollection(
                      request.name(),
                      request.model() == null ? "" : request.model(),
                      request.bounds() == null
                          ? CanonicalBounds.getDefaultInstance()
                          : BoundsJson.proto(request.bounds()),
                      Optional.ofNullable(request.keepOriginals()),
                      orZero("partitions", request.partitions()),
                      Boolean.TRUE.equals(request.acceptSmallerImages())));
          return Response.status(Response.Status.CREATED)
              .entity(CollectionJson.of(created))
              .build();
        });
  }

  @GET
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "listCollections",
      summary = "All collections that the key may read, by name")
  @APIResponse(
      responseCode = "200",
      description = "All",
      content = @Content(schema = @Schema(implementation = CollectionsJson.class)))
  public CollectionsJson list(@Context RoutingContext routing) {
    Caller caller = Caller.of(routing);
    return new CollectionsJson(
        catalogue.all().stream()
            .filter(state -> caller.mayRead(state.collection().getName()))
            .map(CollectionJson::of)
            .toList());
  }

  @GET
  @Path("/{collection}")
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "getCollection",
      summary = "A collection, by name or id, with its counts")
  @APIResponse(
      responseCode = "200",
      description = "The collection",
      content = @Content(schema = @Schema(implementation = CollectionJson.class)))
  public CollectionJson get(@PathParam("collection") String collection) {
    return CollectionJson.of(descriptions.describe(collection));
  }

  @PATCH
  @Path("/{collection}")
  @Consumes(MediaType.APPLICATION_JSON)
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "renameCollection",
      summary = "Another name for the same collection; the old one is free again")
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = RenameRequest.class)))
  @APIResponse(
      responseCode = "200",
      description = "The collection",
      content = @Content(schema = @Schema(implementation = CollectionJson.class)))
  public CollectionJson rename(@PathParam("collection") String collection, InputStream body) {
    return operations.count(
        Operation.RENAME_COLLECTION,
        () -> {
          RenameRequest request = JsonBody.read(body, RenameRequest.class);
          if (request.name() == null) {
            throw new RefusedException(
                ErrorCode.INVALID_COLLECTION_NAME, "field \"name\" is missing");
          }
          return CollectionJson.of(commands.rename(collection, request.name()));
        });
  }

  @DELETE
  @Path("/{collection}")
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "deleteCollection",
      summary = "Delete a collection with everything in it; there is no way back")
  @APIResponse(
      responseCode = "200",
      description = "What was deleted",
      content = @Content(schema = @Schema(implementation = DeletedJson.class)))
  public DeletedJson delete(@PathParam("collection") String collection) {
    return operations.count(
        Operation.DELETE_COLLECTION,
        () -> {
          Collection deleted = commands.delete(collection);
          return new DeletedJson(deleted.getId(), deleted.getName());
        });
  }

  private static int orZero(String field, @Nullable Integer value) {
    if (value == null) {
      return 0;
    }
    if (value <= 0) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "field \"" + field + "\" is not positive");
    }
    return value;
  }
}
