package dev.lookalike.ingest.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.proto.ingest.v1.PutImageRequest;
import dev.lookalike.proto.ingest.v1.PutImageResponse;
import dev.lookalike.proto.ingest.v1.PutImagesResponse;
import dev.lookalike.service.admission.Admission;
import dev.lookalike.service.admission.AdmissionPolicy;
import dev.lookalike.service.admission.Arrival;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** One stream on one thread: the test brings the messages, and does the work when it wants. */
class BulkPutTest {
  private static final int LARGEST = 1000;

  private final Admission admission = new Admission(new Policy());
  private final Deque<Runnable> refusals = new ArrayDeque<>();
  private final Arrival arrival = new Arrival(admission, 1, refusals::add);
  private final Call call = new Call();
  private final Deque<Runnable> work = new ArrayDeque<>();
  private final List<Runnable> timers = new ArrayList<>();
  private final BulkPut bulk =
      new BulkPut(
          call,
          BulkPutTest::put,
          admission,
          LARGEST,
          arrival,
          (delay, later) -> timers.add(later),
          work::add);

  private static PutImageResponse put(PutImageRequest request) {
    if (request.getImageId().startsWith("bad")) {
      throw new RefusedException(ErrorCode.EMPTY, "the image has no bytes");
    }
    if (request.getImageId().startsWith("full")) {
      throw new RefusedException(ErrorCode.BROKER_UNAVAILABLE, "away");
    }
    if (request.getImageId().startsWith("broken")) {
      throw new IllegalStateException("secret");
    }
    return PutImageResponse.newBuilder().setImageId(request.getImageId()).build();
  }

  /** A message of 100 bytes and more comes off the wire, if it was asked for. */
  private boolean arrives(String id) {
    if (call.asked == 0) {
      return false;
    }
    call.asked--;
    arrival.inboundMessage(0);
    arrival.inboundWireSize(100);
    bulk.onNext(
        PutImageRequest.newBuilder()
            .setImageId(id)
            .setImage(ByteString.copyFrom(new byte[100]))
            .build());
    return true;
  }

  private void doNext() {
    work.removeFirst().run();
  }

  private void doLast() {
    work.removeLast().run();
  }

  private List<Long> indexes() {
    return call.answers.stream().map(PutImagesResponse::getIndex).toList();
  }

  @Test
  void answersComeInTheOrderOfTheRequestsWhateverIsDoneFirst() {
    call.open();
    assertThat(arrives("a")).isTrue();
    assertThat(arrives("b")).isTrue();
    assertThat(arrives("c")).isTrue();
    doLast();
    doLast();
    assertThat(call.answers).as("the first is not done").isEmpty();
    doLast();
    assertThat(indexes()).containsExactly(0L, 1L, 2L);
    assertThat(call.answers)
        .extracting(answer -> answer.getAccepted().getImageId())
        .containsExactly("a", "b", "c");
    bulk.onCompleted();
    assertThat(call.completed).isTrue();
    assertThat(admission.requests()).isZero();
    assertThat(admission.bytes()).isZero();
  }

  @Test
  void aRefusalInTheMiddleIsAnAnswerAndTheStreamGoesOn() {
    call.open();
    for (String id : List.of("a", "bad", "full", "broken", "e")) {
      assertThat(arrives(id)).isTrue();
    }
    bulk.onCompleted();
    while (!work.isEmpty()) {
      doNext();
    }
    assertThat(indexes()).containsExactly(0L, 1L, 2L, 3L, 4L);
    assertThat(call.answers.get(1).getRefused().getCode()).isEqualTo("EMPTY");
    assertThat(call.answers.get(1).getRefused().getRetryable()).isFalse();
    assertThat(call.answers.get(2).getRefused().getCode()).isEqualTo("BROKER_UNAVAILABLE");
    assertThat(call.answers.get(2).getRefused().getRetryable()).isTrue();
    assertThat(call.answers.get(3).getRefused().getCode()).isEqualTo("INTERNAL");
    assertThat(call.answers.get(3).getRefused().getMessage()).doesNotContain("secret");
    assertThat(call.answers.get(4).hasAccepted()).isTrue();
    assertThat(call.completed).isTrue();
    assertThat(admission.requests()).isZero();
  }

  @Test
  void noMoreThanEightAreInWork() {
    call.open();
    for (int i = 0; i < 8; i++) {
      assertThat(arrives("a" + i)).isTrue();
    }
    assertThat(arrives("a8")).as("not asked for").isFalse();
    doNext();
    assertThat(arrives("a8")).isTrue();
    assertThat(arrives("a9")).isFalse();
  }

  @Test
  void aMessageInWorkHoldsItsBytesAndNoMore() {
    call.open();
    assertThat(admission.requests()).as("an idle stream takes no place").isZero();
    arrives("a");
    long size = admission.bytes() - LARGEST;
    assertThat(size).as("one of 100 bytes in work, one of any size awaited").isBetween(100L, 200L);
    doNext();
    timers.forEach(Runnable::run);
    assertThat(admission.bytes()).as("the sender sends nothing more").isZero();
    assertThat(arrives("b")).as("and may yet").isTrue();
  }

  @Test
  void aSenderThatStopsInTheMiddleGivesItsPlacesBack() {
    call.open();
    arrives("a");
    arrives("b");
    arrival.inboundMessage(2);
    arrival.inboundWireSize(100);
    call.cancel();
    assertThat(admission.requests()).as("two are in work").isEqualTo(2);
    doNext();
    doNext();
    assertThat(admission.requests()).isZero();
    assertThat(admission.bytes()).isZero();
    assertThat(call.answers).as("nobody is there").isEmpty();
  }

  @Test
  void theEndOfTheSenderGivesBackThePlaceOfANextMessage() {
    call.open();
    arrives("a");
    bulk.onCompleted();
    assertThat(call.completed).isFalse();
    doNext();
    assertThat(call.completed).isTrue();
    assertThat(admission.requests()).isZero();
  }

  @Test
  void aMessageThatIsTooLongEndsTheStream() {
    call.open();
    arrives("a");
    arrival.inboundMessage(1);
    arrival.inboundWireSize(LARGEST + 1);
    refusals.forEach(Runnable::run);
    assertThat(call.error()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    doNext();
    assertThat(call.answers).as("after its error a call says nothing").isEmpty();
    assertThat(admission.requests()).isZero();
  }

  @Test
  void whereBytesAreWantingTheNextMessageWaitsForThem() {
    Admission.Reservation other = admission.reserve(3 * LARGEST);
    call.open();
    arrives("a");
    assertThat(call.asked).as("no room for a second").isZero();
    other.close();
    assertThat(call.asked).isEqualTo(1);
  }

  @Test
  void aCancelledStreamWaitsForNothing() {
    Admission.Reservation other = admission.reserve(3 * LARGEST);
    call.open();
    arrives("a");
    assertThat(admission.requests()).as("the other, one in work, one waiting").isEqualTo(3);
    call.cancel();
    assertThat(admission.requests()).isEqualTo(2);
    doNext();
    assertThat(admission.requests()).as("only the other").isEqualTo(1);
    other.close();
    assertThat(admission.requests()).isZero();
  }

  @Test
  void whereAllPlacesAreTakenTheStreamAsksAgainWhenItsWorkIsDone() {
    List<Admission.Reservation> others = new ArrayList<>();
    call.open();
    for (int i = 0; i < Policy.REQUESTS - 1; i++) {
      others.add(admission.reserve(1));
    }
    arrives("a");
    assertThat(call.asked).isZero();
    doNext();
    assertThat(call.asked).as("room is taken once something comes").isEqualTo(1);
    others.forEach(Admission.Reservation::close);
  }

  @Test
  void aReceiverThatFallsBehindHoldsTheSenderBack() {
    call.ready = false;
    call.open();
    assertThat(call.asked).isZero();
    call.ready = true;
    call.open();
    assertThat(call.asked).isEqualTo(1);
  }

  /** Room for four images, in ten places. */
  private static final class Policy implements AdmissionPolicy {
    static final int REQUESTS = 10;

    @Override
    public int maxRequests() {
      return REQUESTS;
    }

    @Override
    public long maxBytes() {
      return 4 * LARGEST;
    }

    @Override
    public long largest() {
      return LARGEST;
    }

    @Override
    public int factor() {
      return 1;
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
    public String full() {
      return "full";
    }

    @Override
    public long largestBody() {
      return 1 << 20;
    }

    @Override
    public boolean admitsBodies() {
      return false;
    }

    @Override
    public boolean takesCompressed(MethodDescriptor<?, ?> method) {
      return true;
    }

    @Override
    public Optional<MessageLimit> limit(MethodDescriptor<?, ?> method) {
      return method.getFullMethodName().equals(IngestGrpc.getPutImagesMethod().getFullMethodName())
          ? Optional.empty()
          : Optional.of(new MessageLimit(0, LARGEST));
    }
  }

  /** The answering side of a call. */
  private static final class Call extends ServerCallStreamObserver<PutImagesResponse> {
    final List<PutImagesResponse> answers = new ArrayList<>();
    int asked;
    boolean ready = true;
    boolean completed;
    private @Nullable Throwable failure;
    private Runnable onReady = () -> {};
    private Runnable onCancel = () -> {};

    void open() {
      onReady.run();
    }

    void cancel() {
      onCancel.run();
    }

    Status.Code error() {
      return failure instanceof StatusRuntimeException refused
          ? refused.getStatus().getCode()
          : Status.Code.OK;
    }

    @Override
    public void onNext(PutImagesResponse answer) {
      answers.add(answer);
    }

    @Override
    public void onError(Throwable e) {
      failure = e;
    }

    @Override
    public void onCompleted() {
      completed = true;
    }

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public void request(int count) {
      asked += count;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
      onReady = handler;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
      onCancel = handler;
    }

    @Override
    public void disableAutoRequest() {}

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public void setCompression(String compression) {}

    @Override
    public void setMessageCompression(boolean enable) {}
  }
}
