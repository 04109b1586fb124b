package dev.lookalike.ingest.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.lookalike.ingest.images.Accepted;
import dev.lookalike.ingest.images.Images;
import dev.lookalike.ingest.images.Patch;
import dev.lookalike.ingest.images.Patches;
import dev.lookalike.ingest.images.PutCommand;
import dev.lookalike.ingest.metrics.IngestMetrics.Operation;
import dev.lookalike.ingest.metrics.Operations;
import dev.lookalike.ingest.uploads.Upload;
import dev.lookalike.ingest.uploads.UploadReader;
import dev.lookalike.log.Versions;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.service.admission.Admission;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.Problem;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.rest.JsonBody;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestQuery;
import org.jspecify.annotations.Nullable;

/** Images over HTTP. */
@Path("/v1/collections/{collection}")
@Tag(name = "images", description = "Accept, patch, delete and retry images")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@APIResponse(
    responseCode = "default",
    description = "Refused; the code says why",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
public class ImageResource {
  private final Images images;
  private final Patches patches;
  private final Admission admission;
  private final UploadReader uploads;
  private final Operations operations;

  public ImageResource(
      Images images,
      Patches patches,
      Admission admission,
      UploadReader uploads,
      Operations operations) {
    this.images = images;
    this.patches = patches;
    this.admission = admission;
    this.uploads = uploads;
    this.operations = operations;
  }

  /** Answer to an upload. */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  @Schema(
      description = "The broker has acknowledged the image",
      example =
          """
          {"collection": "default", "image_id": "shoe-17", "version": "1.2.1234", "token": "CgxkZWZhdWx0MDAwMDE"}""")
  public record PutAnswer(
      @Schema(required = true, description = "Name of the collection") String collection,
      @Schema(required = true) String imageId,
      @Schema(required = true, description = "generation.partition.offset") String version,
      @Schema(
              required = true,
              description = "Names this upload to the query service, which tells what became of it")
          String token) {
    static PutAnswer of(Accepted accepted) {
      return new PutAnswer(
          accepted.collection(),
          accepted.imageId(),
          Versions.text(accepted.version()),
          accepted.token());
    }
  }

  /** Answer to a delete or a retry. */
  @Schema(example = "{\"version\": \"1.2.1235\", \"token\": \"CgxkZWZhdWx0MDAwMDE\"}")
  public record VersionAnswer(
      @Schema(required = true, description = "generation.partition.offset") String version,
      @Schema(required = true) String token) {
    static VersionAnswer of(Accepted accepted) {
      return new VersionAnswer(Versions.text(accepted.version()), accepted.token());
    }
  }

  /** Answer to a patch. */
  @Schema(example = "{\"version\": \"1.2.1234\"}")
  public record PatchAnswer(
      @Schema(required = true, description = "The version that was patched") String version) {}

  /** Answer to a patch by filter. */
  @Schema(example = "{\"matched\": 17}")
  public record MatchedAnswer(@Schema(required = true) long matched) {}

  /** Answer to a delete by filter. */
  @Schema(example = "{\"matched\": 17, \"tokens\": [\"CgxkZWZhdWx0MDAwMDE\"]}")
  public record DeletedAnswer(
      @Schema(required = true) long matched,
      @Schema(
              required = true,
              description = "Of the last delete of each partition: waiting for all waits for all")
          List<String> tokens) {}

  /** A patch of one image. */
  @Schema(
      description = "At least one of set, remove and labels",
      example =
          """
          {"set": {"price": 12.5, "sold": {"time": "2026-01-31T12:00:00Z"}}, "remove": ["color"], "labels": ["shoe"]}""")
  public record PatchRequest(
      @Schema(
              type = SchemaType.OBJECT,
              description =
                  "Attributes by name: string, number, boolean, array of strings or {\"time\": ...}")
          @Nullable JsonNode set,
      @Schema(description = "Names of attributes") @Nullable List<String> remove,
      @Schema(description = "Replaces the user labels") @Nullable List<String> labels,
      @Schema(description = "Of the upload that is spoken of; default: the version in the index")
          @Nullable String token) {}

  /** A patch of many images. */
  @Schema(example = "{\"filter\": \"price > 10.0\", \"set\": {\"sale\": true}}")
  public record PatchMatchingRequest(
      @Schema(required = true, description = "CEL over attributes, labels and id")
          @Nullable String filter,
      @Schema(type = SchemaType.OBJECT, description = "Attributes by name") @Nullable JsonNode set,
      @Nullable List<String> remove,
      @Nullable List<String> labels) {}

  /** A delete of many images. */
  @Schema(example = "{\"filter\": \"price > 10.0\"}")
  public record DeleteMatchingRequest(
      @Schema(required = true, description = "CEL; \"true\" deletes all")
          @Nullable String filter) {}

  /** A form, as the document describes it; it is read by hand. */
  @Schema(description = "File names and media types of parts are not looked at")
  public record UploadForm(
      @Schema(type = SchemaType.STRING, format = "binary", required = true) String image,
      @Schema(description = "JSON object", examples = "{\"price\": 12.5}") String attributes,
      @Schema(description = "May be repeated") List<String> label) {}

  @POST
  @Path("/images")
  @Consumes(MediaType.WILDCARD)
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "postImage",
      summary = "Accept an image under a derived id",
      description =
          "The id is derived from the idempotency key, else from the bytes: a repeated request lands on the same image.")
  @Parameter(
      name = "Idempotency-Key",
      in = ParameterIn.HEADER,
      description = "1 to 256 bytes",
      schema = @Schema(type = SchemaType.STRING))
  @Parameter(
      name = "Lookalike-Attributes",
      in = ParameterIn.HEADER,
      description = "JSON object; not with a form",
      schema = @Schema(type = SchemaType.STRING),
      example = "{\"price\": 12.5, \"tags\": [\"red\", \"leather\"]}")
  @RequestBody(
      required = true,
      description = "JPEG, PNG, WebP, GIF, BMP or TIFF, told by content; at most 32 MiB",
      content = {
        @Content(
            mediaType = "application/octet-stream",
            schema = @Schema(type = SchemaType.STRING, format = "binary")),
        @Content(
            mediaType = "multipart/form-data",
            schema = @Schema(implementation = UploadForm.class))
      })
  @APIResponse(
      responseCode = "202",
      description = "Accepted: the broker has acknowledged it",
      content = @Content(schema = @Schema(implementation = PutAnswer.class)))
  public Response post(
      @PathParam("collection") String collection,
      @Parameter(description = "Known to be true; may be repeated; not with a form") @RestQuery
          List<String> label,
      @Context HttpHeaders headers,
      InputStream body) {
    return put(
        collection, Optional.empty(), header(headers, "Idempotency-Key"), label, headers, body);
  }

  @PUT
  @Path("/images/{id}")
  @Consumes(MediaType.WILDCARD)
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "putImage",
      summary = "Accept an image under its own id",
      description = "Replaces what is there under the id, attributes included.")
  @Parameter(
      name = "Lookalike-Attributes",
      in = ParameterIn.HEADER,
      description = "JSON object; not with a form",
      schema = @Schema(type = SchemaType.STRING),
      example = "{\"price\": 12.5}")
  @RequestBody(
      required = true,
      description = "JPEG, PNG, WebP, GIF, BMP or TIFF, told by content; at most 32 MiB",
      content = {
        @Content(
            mediaType = "application/octet-stream",
            schema = @Schema(type = SchemaType.STRING, format = "binary")),
        @Content(
            mediaType = "multipart/form-data",
            schema = @Schema(implementation = UploadForm.class))
      })
  @APIResponse(
      responseCode = "202",
      description = "Accepted: the broker has acknowledged it",
      content = @Content(schema = @Schema(implementation = PutAnswer.class)))
  public Response put(
      @PathParam("collection") String collection,
      @PathParam("id") String id,
      @Parameter(description = "Known to be true; may be repeated; not with a form") @RestQuery
          List<String> label,
      @Context HttpHeaders headers,
      InputStream body) {
    return put(collection, Optional.of(id), Optional.empty(), label, headers, body);
  }

  private Response put(
      String collection,
      Optional<String> id,
      Optional<String> key,
      List<String> labels,
      HttpHeaders headers,
      InputStream body) {
    return operations.count(
        Operation.PUT,
        () -> {
          PutCommand command =
              PutCommand.of(
                  collection,
                  id,
                  key,
                  header(headers, "Lookalike-Attributes")
                      .map(AttributesJson::read)
                      .orElse(Map.of()),
                  labels);
          OptionalLong declared = contentLength(headers);
          String mediaType = header(headers, HttpHeaders.CONTENT_TYPE).orElse("");
          images.requireCollection(collection);
          try (Admission.Reservation place =
              admission.reserve(uploads.toReserve(declared, mediaType, admission.largest()))) {
            Upload upload = uploads.read(body, declared, mediaType);
            place.shrinkTo(upload.image().length);
            PutCommand whole =
                command.withForm(upload.attributes().map(AttributesJson::read), upload.labels());
            return accepted(PutAnswer.of(images.put(whole, upload.image())));
          }
        });
  }

  @PATCH
  @Path("/images/{id}")
  @Consumes(MediaType.APPLICATION_JSON)
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "patchImage",
      summary = "Change attributes or user labels, without embedding again")
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = PatchRequest.class)))
  @APIResponse(
      responseCode = "202",
      description = "Acknowledged",
      content = @Content(schema = @Schema(implementation = PatchAnswer.class)))
  public Response patch(
      @PathParam("collection") String collection, @PathParam("id") String id, InputStream body) {
    return operations.count(
        Operation.PATCH,
        () -> {
          PatchRequest request = JsonBody.read(body, PatchRequest.class);
          Patch patch = patch(request.set(), request.remove(), request.labels());
          String token = request.token() == null ? "" : request.token();
          return accepted(
              new PatchAnswer(Versions.text(patches.patch(collection, id, patch, token))));
        });
  }

  @POST
  @Path("/images:patch")
  @Consumes(MediaType.APPLICATION_JSON)
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "patchImages",
      summary = "Change attributes or user labels of every searchable image that a filter matches")
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = PatchMatchingRequest.class)))
  @APIResponse(
      responseCode = "202",
      description = "Acknowledged",
      content = @Content(schema = @Schema(implementation = MatchedAnswer.class)))
  public Response patchMatching(@PathParam("collection") String collection, InputStream body) {
    return operations.count(
        Operation.PATCH_BY_FILTER,
        () -> {
          PatchMatchingRequest request = JsonBody.read(body, PatchMatchingRequest.class);
          Patch patch = patch(request.set(), request.remove(), request.labels());
          return accepted(
              new MatchedAnswer(
                  patches.patchMatching(collection, filter(request.filter()), patch)));
        });
  }

  @DELETE
  @Path("/images/{id}")
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "deleteImage",
      summary = "Delete an image; deleting what is not there succeeds")
  @APIResponse(
      responseCode = "202",
      description = "Acknowledged; waiting for the token ends in deleted",
      content = @Content(schema = @Schema(implementation = VersionAnswer.class)))
  public Response delete(@PathParam("collection") String collection, @PathParam("id") String id) {
    return operations.count(
        Operation.DELETE, () -> accepted(VersionAnswer.of(images.delete(collection, id))));
  }

  @POST
  @Path("/images:delete")
  @Consumes(MediaType.APPLICATION_JSON)
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "deleteImages",
      summary = "Delete every searchable image that a filter matches")
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = DeleteMatchingRequest.class)))
  @APIResponse(
      responseCode = "202",
      description = "Acknowledged",
      content = @Content(schema = @Schema(implementation = DeletedAnswer.class)))
  public Response deleteMatching(@PathParam("collection") String collection, InputStream body) {
    return operations.count(
        Operation.DELETE_BY_FILTER,
        () -> {
          DeleteMatchingRequest request = JsonBody.read(body, DeleteMatchingRequest.class);
          Images.DeletedImages deleted =
              images.deleteMatching(collection, filter(request.filter()));
          return accepted(new DeletedAnswer(deleted.matched(), deleted.tokens()));
        });
  }

  @POST
  @Path("/images/{id}/retry")
  @Consumes(MediaType.WILDCARD)
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "retryImage",
      summary = "Offer a rejected image to the models again while it is the newest of its id")
  @APIResponse(
      responseCode = "202",
      description = "Acknowledged",
      content = @Content(schema = @Schema(implementation = VersionAnswer.class)))
  public Response retry(@PathParam("collection") String collection, @PathParam("id") String id) {
    return operations.count(
        Operation.RETRY, () -> accepted(VersionAnswer.of(images.retry(collection, id))));
  }

  private static Patch patch(
      @Nullable JsonNode set, @Nullable List<String> remove, @Nullable List<String> labels) {
    Map<String, AttributeValue> values =
        set == null || set.isNull() ? Map.of() : AttributesJson.read(set);
    return Patch.of(
        values,
        strings("remove", remove == null ? List.of() : remove),
        Optional.ofNullable(labels).map(names -> strings("labels", names)));
  }

  private static List<String> strings(String field, List<String> values) {
    for (Object value : values) {
      if (value == null) {
        throw new RefusedException(
            ErrorCode.INVALID_ARGUMENT, "field \"" + field + "\" holds a null");
      }
    }
    return values;
  }

  private static String filter(@Nullable String filter) {
    if (filter == null) {
      throw new RefusedException(ErrorCode.INVALID_FILTER, "field \"filter\" is missing");
    }
    return filter;
  }

  private static Response accepted(Object answer) {
    return Response.accepted(answer).build();
  }

  private static OptionalLong contentLength(HttpHeaders headers) {
    Optional<String> length = header(headers, HttpHeaders.CONTENT_LENGTH);
    if (length.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      long value = Long.parseLong(length.get());
      if (value >= 0) {
        return OptionalLong.of(value);
      }
    } catch (NumberFormatException e) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "Content-Length is not a number");
    }
    throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "Content-Length is negative");
  }

  /** HTTP hands bytes on as Latin-1; clients write UTF-8. */
  private static Optional<String> header(HttpHeaders headers, String name) {
    String value = headers.getHeaderString(name);
    if (value == null) {
      return Optional.empty();
    }
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) > 0xff) {
        return Optional.of(value);
      }
    }
    try {
      return Optional.of(
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(value.getBytes(StandardCharsets.ISO_8859_1)))
              .toString());
    } catch (CharacterCodingException e) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "header " + name + " is not UTF-8");
    }
  }
}
