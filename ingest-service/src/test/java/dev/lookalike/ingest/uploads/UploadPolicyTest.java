package dev.lookalike.ingest.uploads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.ingest.metrics.IngestMetrics;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.service.admission.AdmissionPolicy.MessageLimit;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.grpc.MethodDescriptor;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.configuration.MemorySize;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class UploadPolicyTest {
  private static final long IMAGE = 8 << 20;
  private static final long LARGEST = IMAGE + (1 << 20);

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private UploadPolicy policy(Optional<Long> maxBytes) {
    return new UploadPolicy(
        new UploadSettings() {
          @Override
          public MemorySize maxImageBytes() {
            return size(IMAGE);
          }

          @Override
          public long maxPixels() {
            return 1;
          }

          @Override
          public int maxRequests() {
            return 7;
          }

          @Override
          public Optional<MemorySize> maxBytes() {
            return maxBytes.map(UploadPolicyTest::size);
          }

          @Override
          public Duration readTimeout() {
            return Duration.ofSeconds(60);
          }

          @Override
          public Duration stallTimeout() {
            return Duration.ofSeconds(10);
          }

          @Override
          public OptionalInt decoders() {
            return OptionalInt.empty();
          }
        },
        new IngestMetrics(meters));
  }

  private static MemorySize size(long bytes) {
    return new MemorySize(BigInteger.valueOf(bytes));
  }

  @Test
  void oneUploadOfTheLargestSizeMustFit() {
    assertThat(policy(Optional.of(LARGEST)).maxBytes()).isEqualTo(LARGEST);
    assertThatThrownBy(() -> policy(Optional.of(LARGEST - 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lookalike.uploads.max-bytes");
  }

  @Test
  void uploadsTakeTwoFifthsOfTheHeapWhereNothingIsSaid() {
    assertThat(policy(Optional.empty()).maxBytes())
        .isEqualTo(Runtime.getRuntime().maxMemory() * 2 / 5);
  }

  @Test
  void anUploadNeedsAPlaceFromItsFirstByteAndOtherCallsOnlyWhereTheyAreLarge() {
    UploadPolicy policy = policy(Optional.of(LARGEST));
    long message = LARGEST + LARGEST / 8;
    assertThat(policy.limit(IngestGrpc.getPutImageMethod())).hasValue(new MessageLimit(0, message));
    assertThat(policy.limit(IngestGrpc.getPutClassifierMethod()))
        .hasValue(new MessageLimit(0, message));
    assertThat(policy.limit(IngestGrpc.getPatchImageMethod()))
        .hasValue(new MessageLimit(64 << 10, 1 << 20));
    assertThat(policy.limit(IngestGrpc.getPutImagesMethod()))
        .as("takes places itself, one for each message")
        .isEmpty();
    assertThat(policy.admitsBodies()).as("the resources take the places").isFalse();
    assertThat(policy.factor()).isEqualTo(1);
  }

  @Test
  void aRefusedUploadIsCountedAndARefusedQuestionIsNot() {
    UploadPolicy policy = policy(Optional.of(LARGEST));
    RefusedException full = new RefusedException(ErrorCode.FULL, policy.full());
    policy.refused(IngestGrpc.getPutImageMethod(), full);
    policy.refused(IngestGrpc.getPatchImageMethod(), full);
    assertThat(refused("PUT")).isEqualTo(1);
    policy.refused(IngestGrpc.getPutClassifierMethod(), full);
    assertThat(refused("TEACH")).isEqualTo(1);
    assertThat(refused("PATCH")).isZero();
  }

  private double refused(String operation) {
    return meters
        .find("lookalike.ingest.requests")
        .tags("operation", operation, "outcome", "refused", "code", "FULL")
        .counters()
        .stream()
        .mapToDouble(counter -> counter.count())
        .sum();
  }

  @Test
  void everyMethodHasALimitOrTakesPlacesItself() {
    UploadPolicy policy = policy(Optional.of(LARGEST));
    for (MethodDescriptor<?, ?> method : IngestGrpc.getServiceDescriptor().getMethods()) {
      assertThat(policy.limit(method).isPresent())
          .as(method.getFullMethodName())
          .isEqualTo(method.getType().clientSendsOneMessage());
    }
  }
}
