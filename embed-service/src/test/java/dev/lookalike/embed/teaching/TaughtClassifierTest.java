package dev.lookalike.embed.teaching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierGate;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class TaughtClassifierTest {
  private static Classifier classifier(UnaryOperator<Classifier.Builder> change) {
    return change.apply(Classifiers.hatOrShoe("v1")).build();
  }

  private static TaughtClassifier taught(UnaryOperator<Classifier.Builder> change) {
    return TaughtClassifier.of(classifier(change));
  }

  @Test
  void itSaysTheMostProbableClassWithItsProbabilityAndItsVersion() {
    Label label = taught(same -> same).label(new float[] {1, 0, 0}).orElseThrow();
    assertThat(label.getName()).isEqualTo("hat");
    assertThat(label.getConfidence()).isCloseTo((float) (1 / (1 + Math.exp(-3.5))), within(1e-6f));
    assertThat(label.getSource()).isEqualTo(LabelSource.LABEL_SOURCE_TAUGHT);
    assertThat(label.getSourceVersion()).isEqualTo("v1");
    assertThat(taught(same -> same).label(new float[] {0, 0, 1}).orElseThrow().getName())
        .isEqualTo("shoe");
  }

  @Test
  void itAbstainsBelowItsThreshold() {
    TaughtClassifier taught = taught(each -> each.setThreshold(0.9f));
    assertThat(taught.label(new float[] {1, 0, 0})).isPresent();
    assertThat(taught.label(new float[] {0, 0, 1})).isEmpty();
  }

  @Test
  void itAbstainsOfWhatIsLikeNothingThatWasTaught() {
    ClassifierGate gate =
        ClassifierGate.newBuilder()
            .setReferences(ByteString.copyFrom(new byte[] {0, 127, 0, 127, 127, 0}))
            .setMinSimilarity(0.7f)
            .build();
    TaughtClassifier taught = taught(each -> each.setGate(gate));
    assertThat(taught.references()).isEqualTo(2);
    // cos to (1, 1, 0) is .7071 for the first axis and 0 for the third.
    assertThat(taught.label(new float[] {1, 0, 0})).isPresent();
    assertThat(taught.label(new float[] {0, 0, 1})).isEmpty();
    TaughtClassifier strict =
        taught(each -> each.setGate(gate.toBuilder().setMinSimilarity(0.72f)));
    assertThat(strict.label(new float[] {1, 0, 0})).isEmpty();
    assertThat(strict.label(new float[] {0, 1, 0})).isPresent();
  }

  @Test
  void partsThatDoNotFitAreRefused() {
    assertThatThrownBy(() -> taught(each -> each.setWeights(Classifiers.floats(1, 2))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("weights");
    assertThatThrownBy(() -> taught(each -> each.setBiases(Classifiers.floats(Float.NaN, 0))))
        .hasMessageContaining("bias");
    assertThatThrownBy(() -> taught(each -> each.clearModel())).hasMessageContaining("dimension");
    assertThatThrownBy(
            () ->
                taught(
                    each ->
                        each.setGate(
                            ClassifierGate.newBuilder()
                                .setReferences(ByteString.copyFrom(new byte[3])))))
        .hasMessageContaining("zero");
    assertThatThrownBy(() -> taught(same -> same).label(new float[2]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
