package dev.lookalike.ingest.grpc;

import dev.lookalike.proto.ingest.v1.PutImageRequest;
import dev.lookalike.proto.ingest.v1.PutImageResponse;
import dev.lookalike.proto.ingest.v1.PutImagesResponse;
import dev.lookalike.proto.ingest.v1.Refusal;
import dev.lookalike.service.admission.Admission;
import dev.lookalike.service.admission.Arrival;
import dev.lookalike.service.error.GrpcErrors;
import dev.lookalike.service.error.Refusals;
import dev.lookalike.service.error.RefusedException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One bulk upload: takes the next message off the wire only when there is a place for it, works on
 * several at once, answers in the order of the requests.
 *
 * <p>Invariant, under the monitor: at most one message is asked for and not yet here, and {@link
 * Arrival} holds a place for it once it has begun; {@code begun - answered} messages are in work,
 * at most {@value #IN_WORK}.
 */
final class BulkPut implements StreamObserver<PutImageRequest> {
  /** Images of one stream in work, at most: enough to keep the decoders and the broker busy. */
  private static final int IN_WORK = 8;

  /** So long a place is kept for a message that has not begun. */
  private static final Duration IDLE = Duration.ofSeconds(1);

  private final ServerCallStreamObserver<PutImagesResponse> answers;
  private final Function<PutImageRequest, PutImageResponse> put;
  private final Admission admission;
  private final Arrival arrival;
  private final Timer timer;
  private final Executor workers;
  private final TreeMap<Long, PutImagesResponse> finished = new TreeMap<>();
  private long begun;
  private long answered;
  private boolean asking;
  private boolean noMore;
  private boolean over;
  private Admission.@Nullable Waiting waiting;

  /** Runs something later, on a thread that must not be blocked. */
  @FunctionalInterface
  interface Timer {
    void later(Duration delay, Runnable work);
  }

  BulkPut(
      ServerCallStreamObserver<PutImagesResponse> answers,
      Function<PutImageRequest, PutImageResponse> put,
      Admission admission,
      long largestMessage,
      Arrival arrival,
      Timer timer,
      Executor workers) {
    this.answers = answers;
    this.put = put;
    this.admission = admission;
    this.arrival = arrival;
    this.timer = timer;
    this.workers = workers;
    arrival.expect(0, largestMessage, this::refuse, System.nanoTime());
    answers.disableAutoRequest();
    answers.setOnCancelHandler(this::end);
    // Called once when the call is open, and whenever a receiver that fell behind has caught up.
    answers.setOnReadyHandler(this::askForNext);
  }

  private void askForNext() {
    synchronized (this) {
      if (asking || noMore || over || begun - answered >= IN_WORK || !answers.isReady()) {
        return;
      }
      asking = true;
      if (begun == answered) {
        // Whether anything will come is open: room is taken once it does.
        answers.request(1);
        return;
      }
    }
    try {
      Admission.Waiting later = admission.reserveWhenFree(admission.largest(), this::granted);
      boolean tooLate;
      synchronized (this) {
        waiting = later;
        tooLate = over;
      }
      if (tooLate && later != null) {
        later.cancel();
      }
    } catch (RefusedException full) {
      // What is in work of this stream asks again when it is done.
      boolean idle;
      synchronized (this) {
        asking = false;
        idle = begun == answered;
      }
      if (idle) {
        askForNext();
      }
    }
  }

  private void granted(Admission.Reservation granted) {
    synchronized (this) {
      waiting = null;
      if (!over && !noMore) {
        arrival.hold(granted);
        answers.request(1);
        // Whoever keeps the stream open and sends nothing keeps nobody else out.
        timer.later(IDLE, arrival::letGoIfIdle);
        return;
      }
    }
    granted.close();
  }

  @Override
  public void onNext(PutImageRequest request) {
    Admission.Reservation held = arrival.take();
    if (held == null) {
      // There was no room for it: the call is being refused.
      return;
    }
    long index;
    synchronized (this) {
      index = begun++;
      asking = false;
    }
    held.shrinkTo(request.getSerializedSize());
    workers.execute(
        () -> {
          PutImagesResponse.Builder answer = PutImagesResponse.newBuilder().setIndex(index);
          try (held) {
            answer.setAccepted(put.apply(request));
          } catch (RuntimeException e) {
            RefusedException refused = Refusals.of(e);
            answer.setRefused(
                Refusal.newBuilder()
                    .setCode(refused.code().name())
                    .setMessage(refused.detail())
                    .setRetryable(refused.code().retryable()));
          }
          finish(index, answer.build());
        });
    askForNext();
  }

  private void finish(long index, PutImagesResponse answer) {
    synchronized (this) {
      if (over) {
        return;
      }
      finished.put(index, answer);
      while (!finished.isEmpty() && finished.firstKey() == answered) {
        answers.onNext(finished.pollFirstEntry().getValue());
        answered++;
      }
      completeIfDone();
    }
    askForNext();
  }

  private void completeIfDone() {
    if (noMore && begun == answered && !over) {
      over = true;
      answers.onCompleted();
    }
  }

  private void refuse(RefusedException reason) {
    synchronized (this) {
      if (!over) {
        over = true;
        answers.onError(GrpcErrors.of(reason));
      }
    }
    end();
  }

  @Override
  public void onCompleted() {
    Admission.Waiting unneeded;
    synchronized (this) {
      noMore = true;
      unneeded = waiting;
      waiting = null;
      completeIfDone();
    }
    release(unneeded);
  }

  @Override
  public void onError(Throwable cancelled) {
    end();
  }

  private void end() {
    Admission.Waiting unneeded;
    synchronized (this) {
      over = true;
      unneeded = waiting;
      waiting = null;
    }
    release(unneeded);
  }

  private void release(Admission.@Nullable Waiting unneeded) {
    arrival.release();
    if (unneeded != null) {
      unneeded.cancel();
    }
  }
}
