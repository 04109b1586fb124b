package dev.lookalike.query.rest;

import dev.lookalike.proto.image.v1.Region;
import dev.lookalike.proto.search.v1.CompareIndexRequest;
import dev.lookalike.proto.search.v1.CountImagesRequest;
import dev.lookalike.proto.search.v1.CountImagesResponse;
import dev.lookalike.proto.search.v1.DescribeIndexRequest;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.proto.search.v1.GetImageRequest;
import dev.lookalike.proto.search.v1.GetStatusRequest;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.ListImagesRequest;
import dev.lookalike.proto.search.v1.RebuildIndexRequest;
import dev.lookalike.proto.search.v1.SearchBatchRequest;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.search.Entries;
import dev.lookalike.query.search.IndexOperations;
import dev.lookalike.query.search.Searches;
import dev.lookalike.query.search.Statuses;
import dev.lookalike.service.access.Caller;
import dev.lookalike.service.admission.AdmissionPolicy;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.Problem;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.rest.ImageBody;
import dev.lookalike.service.rest.ImageForm;
import dev.lookalike.service.rest.JsonBody;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.jspecify.annotations.Nullable;

/** The service's REST. Each method is one of lookalike.search.v1.Search. */
@Path("/v1")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@APIResponse(
    responseCode = "default",
    description = "A problem; its code is stable.",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
public class SearchResource {
  private static final int MAX_IMAGE_BYTES = 32 << 20;

  private final Searches searches;
  private final Statuses statuses;
  private final Entries entries;
  private final IndexOperations operations;
  private final QueryMetrics metrics;
  private final int maxBodyBytes;

  SearchResource(
      Searches searches,
      Statuses statuses,
      Entries entries,
      IndexOperations operations,
      QueryMetrics metrics,
      AdmissionPolicy policy) {
    this.searches = searches;
    this.statuses = statuses;
    this.entries = entries;
    this.operations = operations;
    this.metrics = metrics;
    this.maxBodyBytes = Math.toIntExact(policy.largestBody());
  }

  @POST
  @Path("/collections/{collection}/search")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(operationId = "search", summary = "The images most similar to the examples")
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.SearchAnswer.class)))
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = Bodies.SearchBody.class)))
  public Bodies.SearchAnswer search(@PathParam("collection") String collection, InputStream body) {
    SearchRequest request = Json.request(read(body, Bodies.SearchBody.class), collection);
    return answered(() -> Json.answer(searches.search(request)));
  }

  @POST
  @Path("/collections/{collection}/search")
  @Consumes(MediaType.WILDCARD)
  @Operation(
      operationId = "searchByImage",
      summary = "The images most similar to the image in the body",
      description =
          "The body is the image's bytes, 32 MiB at most, of any media type but JSON or of none;"
              + " or a form with the part image.")
  @RequestBody(
      required = true,
      content = {
        @Content(
            mediaType = "application/octet-stream",
            schema = @Schema(type = SchemaType.STRING, format = "binary")),
        @Content(
            mediaType = "multipart/form-data",
            schema = @Schema(implementation = Bodies.ImageFormBody.class))
      })
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.SearchAnswer.class)))
  public Bodies.SearchAnswer searchByImage(
      @PathParam("collection") String collection,
      @QueryParam("k") @Nullable Integer k,
      @QueryParam("filter") @Nullable String filter,
      @QueryParam("region") @Nullable String region,
      @QueryParam("min_similarity") @Nullable Float minSimilarity,
      @QueryParam("exclude_self") boolean excludeSelf,
      @QueryParam("group_by") @Nullable String groupBy,
      @QueryParam("group_size") @Nullable Integer groupSize,
      @QueryParam("exact") boolean exact,
      @QueryParam("include_vectors") boolean includeVectors,
      @QueryParam("cursor") @Nullable String cursor,
      @QueryParam("token") List<String> tokens,
      @QueryParam("wait") @Nullable String wait,
      @Context HttpHeaders headers,
      InputStream body) {
    SearchRequest.Builder request =
        Json.request(
            new Bodies.SearchBody(
                null,
                null,
                null,
                k,
                filter,
                minSimilarity,
                excludeSelf,
                groupBy,
                groupSize,
                exact,
                includeVectors,
                cursor,
                tokens,
                wait),
            collection)
            .toBuilder();
    Example.Builder example = Example.newBuilder().setImage(Json.bytes(image(body, headers)));
    if (region != null) {
      example.setRegion(region(region));
    }
    request.addPositives(example);
    return answered(() -> Json.answer(searches.search(request.build())));
  }

  @POST
  @Path("/search:batch")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(operationId = "searchBatch", summary = "Several searches; one result each, in order")
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.BatchAnswer.class)))
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = Bodies.BatchBody.class)))
  public Bodies.BatchAnswer searchBatch(InputStream body, @Context RoutingContext routing) {
    Caller caller = Caller.of(routing);
    SearchBatchRequest.Builder request = SearchBatchRequest.newBuilder();
    List<Bodies.@Nullable SearchBody> requests = read(body, Bodies.BatchBody.class).requests();
    if (requests != null) {
      requests.forEach(each -> request.addRequests(Json.request(each, null)));
    }
    return answered(() -> Json.answer(searches.searchBatch(request.build(), caller::mayRead)));
  }

  @GET
  @Path("/status")
  @Operation(operationId = "getStatus", summary = "What became of uploads")
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.StatusAnswer.class)))
  public Bodies.StatusAnswer status(
      @QueryParam("token") List<String> tokens,
      @QueryParam("wait") @Nullable String wait,
      @Context RoutingContext routing) {
    return status(new Bodies.StatusBody(tokens, wait), Caller.of(routing));
  }

  @POST
  @Path("/status")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(operationId = "getStatuses", summary = "What became of many uploads")
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.StatusAnswer.class)))
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = Bodies.StatusBody.class)))
  public Bodies.StatusAnswer status(InputStream body, @Context RoutingContext routing) {
    return status(read(body, Bodies.StatusBody.class), Caller.of(routing));
  }

  private Bodies.StatusAnswer status(Bodies.StatusBody body, Caller caller) {
    GetStatusRequest.Builder request = GetStatusRequest.newBuilder();
    request.addAllTokens(Json.tokens(body.tokens()));
    String wait = body.waitAtMost();
    if (wait != null) {
      request.setWait(Json.wait(wait));
    }
    return answered(
        () ->
            new Bodies.StatusAnswer(
                Json.statuses(statuses.get(request.build(), caller::mayRead).getStatusesList())));
  }

  @GET
  @Path("/collections/{collection}/images/{id}")
  @Operation(operationId = "getImage", summary = "One image, whatever its state")
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.EntryBody.class)))
  public Bodies.EntryBody image(
      @PathParam("collection") String collection,
      @PathParam("id") String id,
      @QueryParam("include_vector") boolean includeVector) {
    return answered(
        () ->
            Json.entry(
                entries.get(
                    GetImageRequest.newBuilder()
                        .setCollection(collection)
                        .setImageId(id)
                        .setIncludeVector(includeVector)
                        .build())));
  }

  @GET
  @Path("/collections/{collection}/images")
  @Operation(operationId = "listImages", summary = "Images in the order of their ids")
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.ListAnswer.class)))
  public Bodies.ListAnswer images(
      @PathParam("collection") String collection,
      @QueryParam("filter") @Nullable String filter,
      @QueryParam("state") List<String> states,
      @QueryParam("page_size") @Nullable Integer pageSize,
      @QueryParam("cursor") @Nullable String cursor,
      @QueryParam("include_vectors") boolean includeVectors) {
    ListImagesRequest.Builder request =
        ListImagesRequest.newBuilder()
            .setCollection(collection)
            .setFilter(filter == null ? "" : filter)
            .setCursor(cursor == null ? "" : cursor)
            .setIncludeVectors(includeVectors);
    if (pageSize != null) {
      request.setPageSize(Json.positive("page_size", pageSize));
    }
    states.forEach(state -> request.addStates(state(state)));
    return answered(() -> Json.answer(entries.list(request.build())));
  }

  @GET
  @Path("/collections/{collection}/count")
  @Operation(operationId = "countImages", summary = "How many images are in which state")
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.CountAnswer.class)))
  public Bodies.CountAnswer count(
      @PathParam("collection") String collection, @QueryParam("filter") @Nullable String filter) {
    return answered(
        () -> {
          CountImagesResponse counts =
              entries.count(
                  CountImagesRequest.newBuilder()
                      .setCollection(collection)
                      .setFilter(filter == null ? "" : filter)
                      .build());
          return new Bodies.CountAnswer(
              counts.getSearchable(), counts.getRejected(), counts.getDeleted());
        });
  }

  @GET
  @Path("/collections/{collection}/index")
  @Operation(operationId = "describeIndex", summary = "How far the index is behind the log")
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.IndexAnswer.class)))
  public Bodies.IndexAnswer index(@PathParam("collection") String collection) {
    return answered(
        () ->
            Json.answer(
                operations.describe(
                    DescribeIndexRequest.newBuilder().setCollection(collection).build())));
  }

  @POST
  @Path("/collections/{collection}/index:rebuild")
  @Operation(
      operationId = "rebuildIndex",
      summary = "Builds the index anew from the log, beside the one that answers",
      description =
          "Answers when that has begun; the description of the index says `rebuilding` until it is done.")
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.RebuildAnswer.class)))
  public Bodies.RebuildAnswer rebuild(@PathParam("collection") String collection) {
    return answered(
        () ->
            new Bodies.RebuildAnswer(
                operations
                    .rebuild(RebuildIndexRequest.newBuilder().setCollection(collection).build())
                    .getBegun()));
  }

  @POST
  @Path("/collections/{collection}/index:compare")
  @Operation(
      operationId = "compareIndex",
      summary = "Compares each entry of the index with the log",
      description = "Takes as long as it takes to read the log.")
  @APIResponse(
      responseCode = "200",
      content = @Content(schema = @Schema(implementation = Bodies.CompareAnswer.class)))
  public Bodies.CompareAnswer compare(@PathParam("collection") String collection) {
    return answered(
        () ->
            Json.answer(
                operations.compare(
                    CompareIndexRequest.newBuilder().setCollection(collection).build())));
  }

  private <T> T answered(Supplier<T> work) {
    return metrics.counted(work);
  }

  private <T> T read(InputStream body, Class<T> type) {
    return JsonBody.read(body, type, maxBodyBytes);
  }

  /** The image of a body that is one, or of a form that has one. */
  private static byte[] image(InputStream body, HttpHeaders headers) {
    String mediaType = headers.getHeaderString(HttpHeaders.CONTENT_TYPE);
    return ImageForm.boundary(mediaType == null ? "" : mediaType)
        .map(boundary -> ImageForm.read(body, boundary, Set.of(), MAX_IMAGE_BYTES).image())
        .orElseGet(() -> ImageBody.read(body, headers.getLength(), MAX_IMAGE_BYTES));
  }

  private static Region region(String text) {
    String[] parts = text.split(",", -1);
    try {
      if (parts.length == 4) {
        return Region.newBuilder()
            .setX(Float.parseFloat(parts[0]))
            .setY(Float.parseFloat(parts[1]))
            .setWidth(Float.parseFloat(parts[2]))
            .setHeight(Float.parseFloat(parts[3]))
            .build();
      }
    } catch (NumberFormatException e) {
      throw new RefusedException(ErrorCode.INVALID_REGION, "region is x,y,width,height.");
    }
    throw new RefusedException(ErrorCode.INVALID_REGION, "region is x,y,width,height.");
  }

  private static ImageState state(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "searchable" -> ImageState.IMAGE_STATE_SEARCHABLE;
      case "rejected" -> ImageState.IMAGE_STATE_REJECTED;
      case "deleted" -> ImageState.IMAGE_STATE_DELETED;
      default -> throw Json.invalid("state is searchable, rejected or deleted.");
    };
  }
}
