package dev.lookalike.ingest.classifiers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierGate;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.quarkus.runtime.configuration.MemorySize;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ClassifierRulesTest {
  private static final int DIMENSION = 2;

  private static final ClassifierSettings SETTINGS =
      new ClassifierSettings() {
        @Override
        public MemorySize maxBytes() {
          return new MemorySize(BigInteger.valueOf(64));
        }

        @Override
        public int maxClasses() {
          return 3;
        }
      };

  private static ByteString floats(float... values) {
    ByteBuffer buffer =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return ByteString.copyFrom(buffer);
  }

  private static void verify(UnaryOperator<Classifier.Builder> change) {
    Classifier.Builder good =
        Classifier.newBuilder()
            .addClasses("hat")
            .addClasses("shoe")
            .setWeights(floats(1, 2, 3, 4))
            .setBiases(floats(0, 1))
            .setThreshold(0.5f)
            .setGate(
                ClassifierGate.newBuilder()
                    .setReferences(ByteString.copyFrom(new byte[] {1, 0, 0, 127}))
                    .setMinSimilarity(0.5f));
    ClassifierRules.require(change.apply(good).build(), DIMENSION, SETTINGS);
  }

  private static void refused(UnaryOperator<Classifier.Builder> change, String because) {
    assertThatThrownBy(() -> verify(change))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
              assertThat(e.detail()).contains(because);
            });
  }

  @Test
  void whatCouldNotBeUsedIsRefused() {
    assertThatCode(() -> verify(same -> same)).doesNotThrowAnyException();
    refused(each -> each.clearClasses().addClasses("hat"), "2 to 3 classes");
    refused(each -> each.setClasses(1, "hat"), "one name");
    refused(each -> each.setClasses(1, " "), "not blank");
    refused(each -> each.setWeights(floats(1, 2, 3)), "weights");
    refused(each -> each.setWeights(floats(1, 2, 3, Float.NaN)), "weights");
    refused(each -> each.setBiases(floats(1)), "biases");
    refused(each -> each.setThreshold(Float.NaN), "threshold");
    refused(each -> each.setThreshold(1.5f), "threshold");
    refused(
        each ->
            each.setGate(
                each.getGate().toBuilder().setReferences(ByteString.copyFrom(new byte[3]))),
        "references");
    refused(
        each ->
            each.setGate(
                each.getGate().toBuilder().setReferences(ByteString.copyFrom(new byte[4]))),
        "zero");
    refused(each -> each.setGate(each.getGate().toBuilder().setMinSimilarity(2)), "min_similarity");
  }

  @Test
  void moreBytesThanTheLimitAreRefused() {
    byte[] references = new byte[50];
    java.util.Arrays.fill(references, (byte) 1);
    assertThatThrownBy(
            () ->
                verify(
                    each ->
                        each.setGate(
                            each.getGate().toBuilder()
                                .setReferences(ByteString.copyFrom(references)))))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_MANY_BYTES));
  }
}
