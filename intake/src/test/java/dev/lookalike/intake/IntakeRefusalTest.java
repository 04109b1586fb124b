package dev.lookalike.intake;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.lookalike.edge.Refusal;
import dev.lookalike.edge.Wording;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class IntakeRefusalTest {
  private static final class TableOfTheService implements Wording {
    @Override
    public Problem problem(Refusal refusal, String detail) {
      return new Problem(429, "{}");
    }

    @Override
    public StatusRuntimeException status(Refusal refusal, String detail) {
      return StatusProto.toStatusRuntimeException(
          com.google.rpc.Status.newBuilder()
              .setCode(
                  refusal == Refusal.FULL
                      ? Code.RESOURCE_EXHAUSTED_VALUE
                      : Code.INVALID_ARGUMENT_VALUE)
              .setMessage(detail)
              .addDetails(Any.pack(ErrorInfo.newBuilder().setReason(refusal.name()).build()))
              .build());
    }
  }

  private static final class Service implements IntakeOwner {
    @Override
    public String full() {
      return "no room";
    }

    @Override
    public String slow() {
      return "too slow";
    }

    @Override
    public void watch(Supplier<Number> bytes) {}
  }

  private final IntakeRefusal refusal = new IntakeRefusal(new TableOfTheService(), new Service());

  @Test
  void fullSaysWhenToComeAgainBesideItsCode() throws Exception {
    com.google.rpc.Status status = StatusProto.fromThrowable(refusal.full());
    assertThat(status.getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(status.getMessage()).isEqualTo("no room");
    assertThat(status.getDetailsList()).hasSize(2);
    assertThat(status.getDetails(0).unpack(ErrorInfo.class).getReason()).isEqualTo("FULL");
    assertThat(status.getDetails(1).unpack(RetryInfo.class).getRetryDelay().getSeconds())
        .isEqualTo(1);
  }

  @Test
  void slowIsAFaultOfTheRequest() throws Exception {
    com.google.rpc.Status status = StatusProto.fromThrowable(refusal.slow());
    assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(status.getMessage()).isEqualTo("too slow");
    assertThat(status.getDetailsList()).hasSize(1);
    assertThat(status.getDetails(0).unpack(ErrorInfo.class).getReason())
        .isEqualTo("INVALID_ARGUMENT");
  }
}
