package dev.lookalike.ingest.rest;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.google.protobuf.ByteString;
import dev.lookalike.ingest.classifiers.ClassifierSettings;
import dev.lookalike.ingest.classifiers.Classifiers;
import dev.lookalike.ingest.metrics.IngestMetrics.Operation;
import dev.lookalike.ingest.metrics.Operations;
import dev.lookalike.proto.events.v1.ClassQuality;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierGate;
import dev.lookalike.proto.events.v1.ClassifierQuality;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.Problem;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.rest.JsonBody;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Teaching over HTTP. */
@Path("/v1/collections/{collection}/classifier")
@Tag(name = "collections")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@APIResponse(
    responseCode = "default",
    description = "Refused; the code says why",
    content =
        @Content(mediaType = Problem.MEDIA_TYPE, schema = @Schema(implementation = Problem.class)))
public class ClassifierResource {
  private final Classifiers classifiers;
  private final ClassifierSettings settings;
  private final Operations operations;

  /** A classifier is large for a body of JSON: one at a time. */
  private final Semaphore reading = new Semaphore(1);

  public ClassifierResource(
      Classifiers classifiers, ClassifierSettings settings, Operations operations) {
    this.classifiers = classifiers;
    this.settings = settings;
    this.operations = operations;
  }

  /** A classifier to publish. */
  @Schema(name = "ClassifierRequest")
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record ClassifierRequest(
      @Schema(required = true, description = "The live build whose embeddings it was taught on")
          @Nullable String buildId,
      @Schema(required = true, description = "Labels that it may say")
          @Nullable List<String> classes,
      @Schema(
              required = true,
              description = "float32, little endian, classes x dimension, row by row; base64")
          byte @Nullable [] weights,
      @Schema(required = true, description = "float32, little endian, one for each class; base64")
          byte @Nullable [] biases,
      @Schema(description = "Smallest probability of a label; default 0") @Nullable Float threshold,
      @Schema(
              description =
                  "Of the gate: int8, each round(127 e / max |e|) of a taught embedding e; base64")
          byte @Nullable [] references,
      @Schema(description = "Smallest cosine to the nearest reference")
          @Nullable Float minSimilarity,
      @Schema(description = "Whether images that were there before are annotated too")
          @Nullable Boolean annotateExisting,
      @Nullable QualityRequest quality) {}

  /** What the teacher measured. */
  @Schema(name = "ClassifierQuality")
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record QualityRequest(
      int images,
      int folds,
      float accuracy,
      float targetPrecision,
      float precision,
      float precisionLow,
      float precisionHigh,
      float coverage,
      double l2,
      @Schema(description = "In the order of the classes")
          @Nullable List<ClassQualityRequest> classes) {
    ClassifierQuality toProto() {
      ClassifierQuality.Builder quality =
          ClassifierQuality.newBuilder()
              .setImages(images)
              .setFolds(folds)
              .setAccuracy(accuracy)
              .setTargetPrecision(targetPrecision)
              .setPrecision(precision)
              .setPrecisionLow(precisionLow)
              .setPrecisionHigh(precisionHigh)
              .setCoverage(coverage)
              .setL2(l2);
      for (ClassQualityRequest each : classes == null ? List.<ClassQualityRequest>of() : classes) {
        quality.addClasses(
            ClassQuality.newBuilder()
                .setImages(each.images())
                .setPrecision(each.precision())
                .setRecall(each.recall()));
      }
      return quality.build();
    }
  }

  /** Of one class. */
  @Schema(name = "ClassQuality")
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record ClassQualityRequest(int images, float precision, float recall) {}

  /** What was published. */
  @Schema(name = "ClassifierAnswer")
  public record ClassifierAnswer(
      @Schema(required = true) String collection,
      @Schema(required = true, description = "On each of its labels as source_version")
          String version,
      @Schema(required = true) int classes) {}

  @PUT
  @Consumes(MediaType.APPLICATION_JSON)
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "putClassifier",
      summary = "Teach a collection",
      description =
          "From then on new images without a label of a user are annotated by it. Replaces what the collection was taught before.")
  @RequestBody(
      required = true,
      content = @Content(schema = @Schema(implementation = ClassifierRequest.class)))
  @APIResponse(
      responseCode = "202",
      description = "Accepted: the broker has acknowledged it",
      content = @Content(schema = @Schema(implementation = ClassifierAnswer.class)))
  public Response put(@PathParam("collection") String collection, InputStream body) {
    return operations.count(
        Operation.TEACH,
        () -> {
          if (!reading.tryAcquire()) {
            throw new RefusedException(
                ErrorCode.FULL, "another classifier is being read; try again soon");
          }
          try {
            Classifier published = classifiers.put(collection, read(body));
            return Response.status(Response.Status.ACCEPTED)
                .entity(
                    new ClassifierAnswer(
                        collection, published.getVersion(), published.getClassesCount()))
                .build();
          } finally {
            reading.release();
          }
        });
  }

  @DELETE
  @org.eclipse.microprofile.openapi.annotations.Operation(
      operationId = "removeClassifier",
      summary = "Take away what a collection was taught, and its labels",
      description = "Idempotent. GET of embed-service answers 404 when the labels are gone.")
  @APIResponse(responseCode = "202", description = "Accepted: the broker has acknowledged it")
  public Response remove(@PathParam("collection") String collection) {
    return operations.count(
        Operation.UNTEACH,
        () -> {
          classifiers.remove(collection);
          return Response.status(Response.Status.ACCEPTED).build();
        });
  }

  private Classifier read(InputStream body) {
    // Base64, and names of classes and quality beside the numbers.
    long most = settings.maxBytes().asLongValue() * 4 / 3 + (1 << 20);
    ClassifierRequest request = JsonBody.read(body, ClassifierRequest.class, Math.toIntExact(most));
    Classifier.Builder classifier =
        Classifier.newBuilder()
            .setBuildId(given("build_id", request.buildId()))
            .setWeights(ByteString.copyFrom(given("weights", request.weights())))
            .setBiases(ByteString.copyFrom(given("biases", request.biases())))
            .setThreshold(request.threshold() == null ? 0 : request.threshold())
            .setAnnotateExisting(Boolean.TRUE.equals(request.annotateExisting()));
    for (String name : given("classes", request.classes())) {
      classifier.addClasses(given("classes", name));
    }
    if (request.references() != null) {
      classifier.setGate(
          ClassifierGate.newBuilder()
              .setReferences(ByteString.copyFrom(request.references()))
              .setMinSimilarity(given("min_similarity", request.minSimilarity())));
    }
    if (request.quality() != null) {
      classifier.setQuality(request.quality().toProto());
    }
    return classifier.build();
  }

  private static <T> T given(String field, @Nullable T value) {
    if (value == null) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "field \"" + field + "\" is missing");
    }
    return value;
  }
}
