package dev.lookalike.embed.model.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** ONNX Runtime, once in the process. */
final class OnnxEnvironment {
  private static final long STACK_BYTES = 256L << 20;

  private OnnxEnvironment() {}

  /**
   * The environment of the process. The first call makes it on a thread with a deep stack: ONNX
   * Runtime 1.29 reads the command line of the process by recursion, and one of more than 4 KB (a
   * long class path) overflows the stack of an ordinary thread, which kills the process without a
   * word. Only the pages of a stack that are touched are ever resident.
   */
  static OrtEnvironment get() {
    FutureTask<OrtEnvironment> task =
        new FutureTask<>(
            () -> {
              RuntimeLibraries.prepare();
              return OrtEnvironment.getEnvironment();
            });
    Thread thread = new Thread(null, task, "onnxruntime", STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("ONNX Runtime cannot be loaded", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while loading ONNX Runtime", e);
    }
  }

  /** Options as they are, behind {@link #get}: the first made loads the libraries. */
  static OrtSession.SessionOptions options() {
    var unused = get();
    return new OrtSession.SessionOptions();
  }
}
