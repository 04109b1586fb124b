package dev.lookalike.embed.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.lookalike.proto.embed.v1.EmbedImagesResponse;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.embed.v1.ModelState;
import dev.lookalike.proto.embed.v1.ServedModel;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.ModelReference;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** The JSON of the REST routes; embed.proto says what each field means. */
final class EmbedJson {
  private EmbedJson() {}

  /** Several images of one request. */
  @Schema(name = "EmbedRequest")
  record Request(@Schema(description = "1 to 16") @Nullable List<@Nullable Image> images) {}

  /** One image as a form. */
  @Schema(name = "ImageForm")
  record ImageForm(
      @Schema(
              description = "The bytes of the image",
              type = SchemaType.STRING,
              format = "binary",
              required = true)
          byte[] image) {}

  @Schema(name = "QueryImage")
  record Image(
      @Schema(description = "base64") byte @Nullable [] image, @Nullable RegionJson region) {}

  @Schema(name = "Region")
  record RegionJson(float x, float y, float width, float height) {}

  @Schema(name = "EmbedResponse")
  record Response(List<Result> results, Model model, String buildId, String device) {
    static Response of(EmbedImagesResponse response) {
      return new Response(
          response.getResultsList().stream().map(Result::of).toList(),
          Model.of(response.getModel()),
          response.getBuildId(),
          response.getDevice());
    }
  }

  /** One of the two. */
  @Schema(name = "EmbedResult")
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Result(Optional<Vector> embedding, Optional<Refusal> refused) {
    static Result of(EmbedResult result) {
      return switch (result.getResultCase()) {
        case EMBEDDING ->
            new Result(
                Optional.of(
                    new Vector(
                        result.getEmbedding().getValuesList(),
                        result.getEmbedding().getLabelsList().stream().map(LabelJson::of).toList(),
                        HexFormat.of().toHexDigits(result.getEmbedding().getPerceptualHash()),
                        result.getEmbedding().getSha256().toByteArray())),
                Optional.empty());
        case REFUSED ->
            new Result(
                Optional.empty(),
                Optional.of(
                    new Refusal(result.getRefused().getCode(), result.getRefused().getMessage())));
        case RESULT_NOT_SET -> throw new IllegalArgumentException("a result without content");
      };
    }
  }

  @Schema(name = "Embedding")
  record Vector(
      @Schema(description = "float32, L2-normalised") List<Float> values,
      List<LabelJson> labels,
      @Schema(description = "64 bits, 16 hex digits") String perceptualHash,
      @Schema(description = "of the bytes of the request; base64") byte[] sha256) {}

  @Schema(name = "Refusal")
  record Refusal(String code, String message) {}

  @Schema(name = "Label")
  record LabelJson(String name, float confidence, String source, String sourceVersion) {
    static LabelJson of(Label label) {
      return new LabelJson(
          label.getName(),
          label.getConfidence(),
          label.getSource().name().replace("LABEL_SOURCE_", "").toLowerCase(Locale.ROOT),
          label.getSourceVersion());
    }
  }

  @Schema(name = "Model")
  record Model(
      String id, String version, String digest, String preprocessingVersion, int dimension) {
    static Model of(ModelReference model) {
      return new Model(
          model.getId(),
          model.getVersion(),
          model.getDigest(),
          model.getPreprocessingVersion(),
          model.getDimension());
    }
  }

  @Schema(name = "ServedModel")
  record Served(
      Model model,
      String device,
      List<String> buildIds,
      int inputWidth,
      int inputHeight,
      int classes,
      @Schema(description = "float32, float16, uint8") String inputType,
      String embeddingOutput,
      @Schema(description = "flatten, cls, mean") String pooling,
      int maxBatchSize,
      @Schema(description = "served; changed: its folder holds something else by now") String state,
      String reason,
      String folder) {
    static Served of(ServedModel served) {
      return new Served(
          Model.of(served.getModel()),
          served.getDevice(),
          served.getBuildIdsList(),
          served.getInputWidth(),
          served.getInputHeight(),
          served.getClasses(),
          served.getInputType(),
          served.getEmbeddingOutput(),
          served.getPooling(),
          served.getMaxBatchSize(),
          word(served.getState()),
          served.getReason(),
          served.getFolder());
    }
  }

  private static String word(ModelState state) {
    return state.name().replace("MODEL_STATE_", "").toLowerCase(Locale.ROOT);
  }

  /** Folders that are not served, with the reason. */
  @Schema(name = "RefusedModel")
  record RefusedModel(String folder, String reason, String state) {
    static RefusedModel of(dev.lookalike.proto.embed.v1.RefusedModel refused) {
      return new RefusedModel(refused.getFolder(), refused.getReason(), word(refused.getState()));
    }
  }

  /** Collections that nothing is computed for here, with the reason. */
  @Schema(name = "UnservedCollection")
  record Unserved(String collection, String reason) {}

  @Schema(name = "Models")
  record ModelList(
      List<Served> models,
      List<RefusedModel> refused,
      List<Unserved> unserved,
      @Schema(description = "what was asked for: require, prefer, off") String devicePolicy,
      @Schema(description = "why CUDA is not used though it was asked for; else empty")
          String deviceTrouble) {}
}
