package dev.lookalike.query.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** The JSON of the contract. Field names are in snake case; what is absent is left out. */
final class Bodies {
  private Bodies() {}

  @Schema(name = "Region", description = "Part of an upright image, in fractions of its sides.")
  record RegionBody(float x, float y, float width, float height) {}

  @Schema(name = "Example", description = "One of image, image_id and vector.")
  record ExampleBody(
      @Schema(description = "Base64 of an image's bytes, 32 MiB at most.", type = SchemaType.STRING)
          byte @Nullable [] image,
      @Nullable String imageId,
      @Schema(description = "As long as the model's dimension; normalised by the service.")
          float @Nullable [] vector,
      @Schema(description = "Of an image: the part to look for.") @Nullable RegionBody region,
      @Schema(description = "Positive; relative to the other examples of its side. Default 1.")
          @Nullable Float weight) {}

  @Schema(name = "SearchRequest")
  record SearchBody(
      @Schema(description = "In a batch: name or id; absent: default.") @Nullable String collection,
      @Schema(
              description =
                  "At least one. The query is normalise(2 P - N): P and N are the normalised"
                      + " weighted means of positives and negatives.",
              required = true)
          @Nullable List<@Nullable ExampleBody> positives,
      @Nullable List<@Nullable ExampleBody> negatives,
      @Schema(description = "1 to 1,000. Default 10.") @Nullable Integer k,
      @Schema(description = "CEL over attributes, labels and id; applied before the search.")
          @Nullable String filter,
      @Schema(description = "-1 to 1. Default: none.") @Nullable Float minSimilarity,
      @Nullable Boolean excludeSelf,
      @Schema(description = "Attribute: of equal values only the best group_size are returned.")
          @Nullable String groupBy,
      @Schema(description = "1 to 10. Default 1.") @Nullable Integer groupSize,
      @Schema(description = "Compares with every admitted image.") @Nullable Boolean exact,
      @Nullable Boolean includeVectors,
      @Nullable String cursor,
      @Schema(description = "Waits until each of these uploads has its outcome.")
          @Nullable List<@Nullable String> tokens,
      @Schema(description = "At most this long, as \"10s\"; 0 to 60 s. Default 10 s.")
          @JsonProperty("wait")
          @Nullable String waitAtMost) {}

  @Schema(name = "ImageForm")
  record ImageFormBody(
      @Schema(
              description = "The image's bytes, 32 MiB at most.",
              type = SchemaType.STRING,
              format = "binary",
              required = true)
          byte[] image) {}

  @Schema(name = "SearchBatchRequest")
  record BatchBody(
      @Schema(description = "1 to 64.", required = true)
          @Nullable List<@Nullable SearchBody> requests) {}

  @Schema(name = "StatusRequest")
  record StatusBody(
      @Schema(description = "1 to 1,000.", required = true) @Nullable List<@Nullable String> tokens,
      @Schema(description = "Waits until none is pending, as \"10s\"; 0 to 60 s. Default: not.")
          @JsonProperty("wait")
          @Nullable String waitAtMost) {}

  @Schema(name = "Label")
  record LabelBody(
      String name,
      float confidence,
      @Schema(enumeration = {"user", "model", "taught"}) String source,
      String sourceVersion) {}

  @Schema(name = "Model")
  record ModelBody(
      String id, String version, String digest, String preprocessingVersion, int dimension) {}

  @Schema(name = "Group")
  record GroupBody(
      @Schema(description = "Absent for an image that is a group of its own.")
          @Nullable Object value,
      long size) {}

  @Schema(name = "Hit")
  record HitBody(
      String imageId,
      @Schema(description = "Cosine, -1 to 1.") float similarity,
      List<LabelBody> labels,
      @Schema(description = "Strings, numbers, booleans, arrays of strings, {\"time\": ...}.")
          Map<String, Object> attributes,
      String model,
      @Schema(description = "generation.partition.offset") String version,
      String contentUrl,
      String thumbnailUrl,
      float @Nullable [] vector,
      @Nullable GroupBody group) {}

  @Schema(name = "TokenStatus")
  record TokenStatusBody(
      String token,
      String imageId,
      String version,
      @Schema(enumeration = {"pending", "searchable", "rejected", "deleted", "superseded"})
          String state,
      @Nullable String reason,
      @Nullable String detail) {}

  @Schema(name = "SearchResponse")
  record SearchAnswer(
      @Schema(description = "Best first; equal similarities by image id.") List<HitBody> hits,
      @Nullable String nextCursor,
      ModelBody model,
      String buildId,
      @Nullable List<TokenStatusBody> tokens,
      @Nullable String device) {}

  @Schema(name = "SearchResult", description = "Either response or refused.")
  record ResultBody(@Nullable SearchAnswer response, @Nullable RefusalBody refused) {}

  @Schema(name = "SearchRefusal")
  record RefusalBody(String code, String message) {}

  @Schema(name = "SearchBatchResponse")
  record BatchAnswer(List<ResultBody> results) {}

  @Schema(name = "StatusResponse")
  record StatusAnswer(List<TokenStatusBody> statuses) {}

  @Schema(name = "Original")
  record OriginalBody(
      String mediaType,
      int width,
      int height,
      @Schema(description = "Lower-case hex.") String sha256,
      long sizeBytes) {}

  @Schema(name = "Canonical")
  record CanonicalBody(
      String mediaType, int width, int height, @Schema(description = "Hex.") String sha256) {}

  @Schema(name = "ImageEntry")
  record EntryBody(
      String imageId,
      @Schema(enumeration = {"searchable", "rejected", "deleted"}) String state,
      String version,
      Map<String, Object> attributes,
      List<LabelBody> labels,
      @Nullable String reason,
      @Nullable String detail,
      @Nullable Integer attempts,
      @Nullable OriginalBody original,
      @Nullable CanonicalBody canonical,
      @Schema(description = "16 hex digits.") @Nullable String perceptualHash,
      @Nullable ModelBody model,
      @Nullable String device,
      @Nullable String acceptedAt,
      @Nullable String embeddedAt,
      float @Nullable [] vector,
      @Nullable String contentUrl,
      @Nullable String thumbnailUrl) {}

  @Schema(name = "ImageList")
  record ListAnswer(List<EntryBody> images, @Nullable String nextCursor) {}

  @Schema(name = "Counts")
  record CountAnswer(long searchable, long rejected, long deleted) {}

  @Schema(name = "PartitionPosition")
  record PartitionBody(
      int partition,
      @Schema(description = "Next offset of the images topic.") long imagesEnd,
      @Schema(description = "Every record below it has its outcome in the index.") long applied) {}

  @Schema(name = "Index")
  record IndexAnswer(
      String collection,
      String collectionId,
      String buildId,
      ModelBody model,
      long searchable,
      long rejected,
      long deleted,
      List<PartitionBody> partitions,
      @Schema(description = "Whether one is being built beside it.") boolean rebuilding) {}

  @Schema(name = "Rebuild")
  record RebuildAnswer(@Schema(description = "False: it is being built already.") boolean begun) {}

  @Schema(name = "Comparison")
  record CompareAnswer(
      @Schema(description = "Entries that the log has.") long compared,
      long missing,
      long stale,
      long extra,
      @Schema(description = "The first hundred that differ.") List<DifferenceBody> differences) {}

  @Schema(name = "Difference")
  record DifferenceBody(
      String imageId, @Schema(description = "missing, stale or extra") String difference) {}

  /** An instant as the value of an attribute. */
  record TimeBody(@JsonProperty("time") String time) {}
}
