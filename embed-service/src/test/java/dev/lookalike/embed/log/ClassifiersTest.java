package dev.lookalike.embed.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.embed.teaching.Taught;
import dev.lookalike.embed.teaching.TeachingSettings;
import dev.lookalike.log.Keys;
import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Classifier;
import dev.lookalike.proto.events.v1.ClassifierEvent;
import dev.lookalike.proto.events.v1.ClassifierRemoved;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class ClassifiersTest {
  private static final SmallRyeConfig CONFIG =
      new SmallRyeConfigBuilder()
          .addDiscoveredConverters()
          .withMapping(KafkaSettings.class)
          .withMapping(TeachingSettings.class)
          .build();

  private final Classifiers classifiers =
      new Classifiers(
          new Broker(CONFIG.getConfigMapping(KafkaSettings.class)),
          CONFIG.getConfigMapping(TeachingSettings.class));

  private void take(long offset, ClassifierEvent event) {
    classifiers.take(
        new ConsumerRecord<>(
            Topics.classifiers("shop"), 0, offset, Keys.classifier(), event.toByteArray()));
  }

  private static ClassifierEvent version(String version) {
    return ClassifierEvent.newBuilder()
        .setClassifier(Classifier.newBuilder().setVersion(version))
        .build();
  }

  private Optional<String> newest() {
    return classifiers.of("shop").flatMap(Taught::description).map(Classifier::getVersion);
  }

  @Test
  void aReaderThatBeginsAgainBringsNoOldClassifierBack() {
    take(0, version("v1"));
    take(3, version("v2"));
    assertThat(newest()).contains("v2");
    take(0, version("v1"));
    assertThat(newest()).contains("v2");
    take(
        5, ClassifierEvent.newBuilder().setRemoved(ClassifierRemoved.getDefaultInstance()).build());
    take(3, version("v2"));
    assertThat(newest()).isEmpty();
    take(6, version("v2"));
    assertThat(newest()).contains("v2");
  }
}
