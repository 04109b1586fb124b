package dev.lookalike.ingest.grpc;

import io.grpc.stub.ServerCallStreamObserver;

/**
 * Holds a sender back until the receiver has room. Made on the thread that opens the call, waited
 * for on another.
 */
final class SendWindow {
  private final ServerCallStreamObserver<?> call;

  SendWindow(ServerCallStreamObserver<?> call) {
    this.call = call;
    call.setOnReadyHandler(this::changed);
    call.setOnCancelHandler(this::changed);
  }

  private synchronized void changed() {
    notifyAll();
  }

  /** Waits for room; false when the receiver has gone. */
  synchronized boolean awaitOpen() {
    try {
      while (!call.isReady() && !call.isCancelled()) {
        wait(1000);
      }
      return !call.isCancelled();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
