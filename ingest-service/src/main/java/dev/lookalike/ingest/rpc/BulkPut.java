package dev.lookalike.ingest.rpc;

import dev.lookalike.ingest.server.GrpcErrors;
import dev.lookalike.ingest.server.RefusedException;
import dev.lookalike.ingest.uploads.Admission;
import dev.lookalike.proto.ingest.v1.PutImageRequest;
import dev.lookalike.proto.ingest.v1.PutImageResponse;
import dev.lookalike.proto.ingest.v1.PutImagesResponse;
import dev.lookalike.proto.ingest.v1.Refusal;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One bulk upload: takes the next message off the wire only when there is a place for it, works on
 * several at once, answers in the order of the requests.
 *
 * <p>Invariant, under the monitor: at most one message is asked for and not yet here, and for it a
 * place is held; {@code begun - answered} messages are in work, at most {@value #IN_WORK}.
 */
final class BulkPut implements StreamObserver<PutImageRequest> {
  /** Images of one stream in work, at most: enough to keep the decoders and the broker busy. */
  private static final int IN_WORK = 8;

  private final ServerCallStreamObserver<PutImagesResponse> answers;
  private final Function<PutImageRequest, PutImageResponse> put;
  private final Admission admission;
  private final ExecutorService workers;
  private final TreeMap<Long, PutImagesResponse> finished = new TreeMap<>();
  private long begun;
  private long answered;
  private boolean asking;
  private boolean noMore;
  private boolean over;
  private Admission.@Nullable Reservation place;
  private Admission.@Nullable Waiting waiting;

  BulkPut(
      ServerCallStreamObserver<PutImagesResponse> answers,
      Function<PutImageRequest, PutImageResponse> put,
      Admission admission,
      ExecutorService workers) {
    this.answers = answers;
    this.put = put;
    this.admission = admission;
    this.workers = workers;
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
      boolean idle;
      synchronized (this) {
        asking = false;
        idle = begun == answered;
      }
      if (idle) {
        // Nothing of this stream is in work that could free a place: the sender must come again.
        refuse(full);
      }
    }
  }

  private void granted(Admission.Reservation granted) {
    synchronized (this) {
      waiting = null;
      if (!over && !noMore) {
        place = granted;
        answers.request(1);
        return;
      }
    }
    granted.close();
  }

  @Override
  public void onNext(PutImageRequest request) {
    long index;
    Admission.Reservation held;
    synchronized (this) {
      index = begun++;
      held = place;
      place = null;
      asking = false;
    }
    if (held == null) {
      throw new IllegalStateException("a message came that was not asked for");
    }
    held.shrinkTo(request.getSerializedSize());
    workers.execute(
        () -> {
          PutImagesResponse.Builder answer = PutImagesResponse.newBuilder().setIndex(index);
          try (held) {
            answer.setAccepted(put.apply(request));
          } catch (RuntimeException e) {
            RefusedException refused = GrpcErrors.refusal(e);
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

  private synchronized void refuse(RefusedException full) {
    if (!over) {
      over = true;
      answers.onError(GrpcErrors.of(full));
    }
  }

  @Override
  public void onCompleted() {
    Admission.Reservation unused;
    Admission.Waiting unneeded;
    synchronized (this) {
      noMore = true;
      unused = place;
      place = null;
      unneeded = waiting;
      waiting = null;
      completeIfDone();
    }
    release(unused, unneeded);
  }

  @Override
  public void onError(Throwable cancelled) {
    end();
  }

  private void end() {
    Admission.Reservation unused;
    Admission.Waiting unneeded;
    synchronized (this) {
      over = true;
      unused = place;
      place = null;
      unneeded = waiting;
      waiting = null;
    }
    release(unused, unneeded);
  }

  private static void release(
      Admission.@Nullable Reservation unused, Admission.@Nullable Waiting unneeded) {
    if (unused != null) {
      unused.close();
    }
    if (unneeded != null) {
      unneeded.cancel();
    }
  }
}
