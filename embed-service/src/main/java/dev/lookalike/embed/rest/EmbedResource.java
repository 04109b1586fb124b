package dev.lookalike.embed.rest;

import com.google.protobuf.UnsafeByteOperations;
import dev.lookalike.embed.builds.ServedBuilds;
import dev.lookalike.embed.builds.ServedModels;
import dev.lookalike.embed.query.QueryImages;
import dev.lookalike.proto.embed.v1.EmbedImagesRequest;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.embed.v1.ListModelsResponse;
import dev.lookalike.proto.embed.v1.QueryImage;
import dev.lookalike.proto.image.v1.Region;
import dev.lookalike.service.access.Caller;
import dev.lookalike.service.admission.AdmissionPolicy;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.rest.ImageBody;
import dev.lookalike.service.rest.ImageForm;
import dev.lookalike.service.rest.JsonBody;
import io.smallrye.common.annotation.Blocking;
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
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The Embed service over HTTP. */
@Path("/v1")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Embed")
@Blocking
public class EmbedResource {
  private final QueryImages images;
  private final ServedModels models;
  private final ServedBuilds builds;

  private final int maxBodyBytes;

  public EmbedResource(
      QueryImages images, ServedModels models, ServedBuilds builds, AdmissionPolicy policy) {
    this.maxBodyBytes = Math.toIntExact(policy.largestBody());
    this.images = images;
    this.models = models;
    this.builds = builds;
  }

  /** One image; its refusal is the answer's status. */
  @POST
  @Path("/collections/{collection}/embed")
  @Consumes(MediaType.WILDCARD)
  @Operation(summary = "Embed query images ahead of the bulk, as stored images are embedded")
  @RequestBody(
      content = {
        @Content(
            mediaType = "image/*",
            schema =
                @Schema(
                    type = org.eclipse.microprofile.openapi.annotations.enums.SchemaType.STRING,
                    format = "binary")),
        @Content(
            mediaType = MediaType.MULTIPART_FORM_DATA,
            schema = @Schema(implementation = EmbedJson.ImageForm.class)),
        @Content(
            mediaType = MediaType.APPLICATION_JSON,
            schema = @Schema(implementation = EmbedJson.Request.class))
      })
  @APIResponse(
      responseCode = "200",
      description = "one result for each image, in order",
      content = @Content(schema = @Schema(implementation = EmbedJson.Response.class)))
  public EmbedJson.Response embedOne(
      @PathParam("collection") @Parameter(description = "name or id") String collection,
      @QueryParam("region") @Parameter(description = "x,y,width,height in fractions of the image")
          @Nullable String region,
      @Context HttpHeaders headers,
      InputStream body) {
    QueryImage.Builder image =
        QueryImage.newBuilder().setImage(UnsafeByteOperations.unsafeWrap(image(body, headers)));
    if (region != null) {
      image.setRegion(region(region));
    }
    EmbedImagesResponse response =
        images.embed(
            EmbedImagesRequest.newBuilder().setCollectionId(collection).addImages(image).build());
    EmbedResult only = response.getResults(0);
    if (only.hasRefused()) {
      throw new RefusedException(
          ErrorCode.valueOf(only.getRefused().getCode()), only.getRefused().getMessage());
    }
    return EmbedJson.Response.of(response);
  }

  /** Several images; each has its own answer. */
  @POST
  @Path("/collections/{collection}/embed")
  @Consumes(MediaType.APPLICATION_JSON)
  @Operation(hidden = true)
  public EmbedJson.Response embedSeveral(
      @PathParam("collection") String collection,
      @QueryParam("region") @Nullable String region,
      @Context HttpHeaders headers,
      InputStream body) {
    if (headers.getMediaType() == null) {
      // Without a media type both routes match; it is an image.
      return embedOne(collection, region, headers, body);
    }
    if (region != null) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "region: in JSON each image has its own");
    }
    EmbedJson.Request several = JsonBody.read(body, EmbedJson.Request.class, maxBodyBytes);
    if (several.images() == null) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "images: a list is wanted");
    }
    EmbedImagesRequest.Builder request =
        EmbedImagesRequest.newBuilder().setCollectionId(collection);
    for (EmbedJson.Image each : several.images()) {
      if (each == null || each.image() == null) {
        throw new RefusedException(
            ErrorCode.INVALID_ARGUMENT, "images: each has an image, in base64");
      }
      QueryImage.Builder image =
          QueryImage.newBuilder().setImage(UnsafeByteOperations.unsafeWrap(each.image()));
      EmbedJson.RegionJson area = each.region();
      if (area != null) {
        image.setRegion(
            Region.newBuilder()
                .setX(area.x())
                .setY(area.y())
                .setWidth(area.width())
                .setHeight(area.height()));
      }
      request.addImages(image);
    }
    return EmbedJson.Response.of(images.embed(request.build()));
  }

  @GET
  @Path("/models")
  @Operation(summary = "The models of this instance, and what it does not serve")
  public EmbedJson.ModelList models(@Context RoutingContext routing) {
    Caller caller = Caller.of(routing);
    ListModelsResponse all = models.list(caller::mayRead);
    return new EmbedJson.ModelList(
        all.getModelsList().stream().map(EmbedJson.Served::of).toList(),
        all.getRefusedList().stream().map(EmbedJson.RefusedModel::of).toList(),
        builds.unserved().stream()
            .filter(each -> caller.mayRead(each.collectionId()))
            .map(each -> new EmbedJson.Unserved(each.collection(), each.reason()))
            .toList(),
        all.getDevicePolicy(),
        all.getDeviceTrouble());
  }

  /** The image of a body that is one, or of a form that has one. */
  private byte[] image(InputStream body, HttpHeaders headers) {
    String mediaType = headers.getHeaderString(HttpHeaders.CONTENT_TYPE);
    return ImageForm.boundary(mediaType == null ? "" : mediaType)
        .map(boundary -> ImageForm.read(body, boundary, Set.of(), images.maxImageBytes()).image())
        .orElseGet(() -> ImageBody.read(body, headers.getLength(), images.maxImageBytes()));
  }

  static Region region(String text) {
    String[] parts = text.split(",", -1);
    if (parts.length == 4) {
      try {
        return Region.newBuilder()
            .setX(Float.parseFloat(parts[0].strip()))
            .setY(Float.parseFloat(parts[1].strip()))
            .setWidth(Float.parseFloat(parts[2].strip()))
            .setHeight(Float.parseFloat(parts[3].strip()))
            .build();
      } catch (NumberFormatException e) {
        // Falls through to the refusal.
      }
    }
    throw new RefusedException(
        ErrorCode.INVALID_REGION, "region: x,y,width,height in fractions are wanted");
  }
}
