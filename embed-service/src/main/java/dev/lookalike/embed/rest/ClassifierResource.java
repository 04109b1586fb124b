package dev.lookalike.embed.rest;

import dev.lookalike.embed.teaching.Lessons;
import dev.lookalike.proto.embed.v1.GetClassifierResponse;
import dev.lookalike.proto.events.v1.ClassQuality;
import dev.lookalike.proto.events.v1.ClassifierQuality;
import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What a collection is taught, over HTTP. */
@Path("/v1/collections/{collection}/classifier")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Embed")
@Blocking
public class ClassifierResource {
  private final Lessons lessons;

  public ClassifierResource(Lessons lessons) {
    this.lessons = lessons;
  }

  /** A classifier without its numbers. */
  @Schema(name = "Classifier")
  public record ClassifierJson(
      String collection,
      String collectionId,
      @Schema(
              description =
                  "applied; not_applied: the problem says why; removed: its labels are being taken away")
          String state,
      @Schema(description = "Why it is not applied") @Nullable String problem,
      @Schema(description = "On each of its labels as source_version") String version,
      String buildId,
      @Schema(description = "Id of the model that it was taught on") String model,
      @Schema(description = "Smallest probability of a label") float threshold,
      @Schema(description = "Of the gate; 0: none") int references,
      @Schema(description = "Smallest similarity to a reference") float minSimilarity,
      String taughtAt,
      QualityJson quality,
      List<ClassJson> classes,
      @Schema(description = "Null where nobody asked for images that were there before")
          @Nullable ExistingJson existing) {}

  /** Measured when it was taught, on images that were held out. */
  @Schema(name = "ClassifierQuality")
  public record QualityJson(
      int images,
      int folds,
      float accuracy,
      float targetPrecision,
      float precision,
      float precisionLow,
      float precisionHigh,
      float coverage,
      double l2) {
    static QualityJson of(ClassifierQuality quality) {
      return new QualityJson(
          quality.getImages(),
          quality.getFolds(),
          quality.getAccuracy(),
          quality.getTargetPrecision(),
          quality.getPrecision(),
          quality.getPrecisionLow(),
          quality.getPrecisionHigh(),
          quality.getCoverage(),
          quality.getL2());
    }
  }

  /** A class. */
  @Schema(name = "ClassQuality")
  public record ClassJson(String name, int images, float precision, float recall) {}

  /** Progress with images that were there before. */
  @Schema(name = "ExistingImages")
  public record ExistingJson(
      long examined, long labelled, int partitions, int partitionsComplete) {}

  @GET
  @Operation(summary = "The classifier that a collection was taught")
  @APIResponse(
      responseCode = "200",
      description = "the classifier, how good it is, and how far it has got",
      content = @Content(schema = @Schema(implementation = ClassifierJson.class)))
  public ClassifierJson get(
      @PathParam("collection") @Parameter(description = "name or id") String collection) {
    GetClassifierResponse found = lessons.describe(collection);
    return new ClassifierJson(
        found.getCollection(),
        found.getCollectionId(),
        found.getState().name().replace("CLASSIFIER_STATE_", "").toLowerCase(Locale.ROOT),
        found.getProblem().isEmpty() ? null : found.getProblem(),
        found.getVersion(),
        found.getBuildId(),
        found.getModel().getId(),
        found.getThreshold(),
        found.getReferences(),
        found.getMinSimilarity(),
        Instant.ofEpochSecond(found.getTaughtAt().getSeconds(), found.getTaughtAt().getNanos())
            .toString(),
        QualityJson.of(found.getQuality()),
        IntStream.range(0, found.getClassesCount()).mapToObj(i -> classJson(found, i)).toList(),
        found.hasExisting()
            ? new ExistingJson(
                found.getExisting().getExamined(),
                found.getExisting().getLabelled(),
                found.getExisting().getPartitions(),
                found.getExisting().getPartitionsComplete())
            : null);
  }

  private static ClassJson classJson(GetClassifierResponse found, int index) {
    ClassQuality quality =
        index < found.getQuality().getClassesCount()
            ? found.getQuality().getClasses(index)
            : ClassQuality.getDefaultInstance();
    return new ClassJson(
        found.getClasses(index), quality.getImages(), quality.getPrecision(), quality.getRecall());
  }
}
