package dev.lookalike.embed.query;

import com.google.protobuf.ByteString;
import dev.lookalike.embed.model.runtime.OnnxModel.ClassProbability;
import dev.lookalike.proto.embed.v1.EmbedRefusal;
import dev.lookalike.proto.embed.v1.EmbedResult;
import dev.lookalike.proto.embed.v1.Embedding;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.ModelReference;

/** What became of query images, as embed.proto has it. */
final class EmbedResults {
  private EmbedResults() {}

  static EmbedResult of(QueryEmbedding finished, ModelReference model) {
    return switch (finished) {
      case QueryEmbedding.Refused refused ->
          EmbedResult.newBuilder()
              .setRefused(
                  EmbedRefusal.newBuilder()
                      .setCode(refused.code().name())
                      .setMessage(refused.detail()))
              .build();
      case QueryEmbedding.Embedded embedded -> {
        Embedding.Builder embedding =
            Embedding.newBuilder()
                .setPerceptualHash(embedded.perceptualHash())
                .setSha256(ByteString.copyFrom(embedded.sha256()));
        for (float value : embedded.embedding().values()) {
          embedding.addValues(value);
        }
        for (ClassProbability each : embedded.embedding().classes()) {
          embedding.addLabels(
              Label.newBuilder()
                  .setName(each.name())
                  .setConfidence(each.probability())
                  .setSource(LabelSource.LABEL_SOURCE_MODEL)
                  .setSourceVersion(model.getDigest()));
        }
        yield EmbedResult.newBuilder().setEmbedding(embedding).build();
      }
    };
  }
}
