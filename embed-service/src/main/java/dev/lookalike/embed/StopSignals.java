package dev.lookalike.embed;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import org.jboss.logging.Logger;
import sun.misc.Signal;

/**
 * SIGTERM and SIGINT drain the stream first, and only then is the JVM shut down: a shutdown hook of
 * ONNX Runtime takes the runtime away, and a run that is still going would crash the process.
 */
@ApplicationScoped
public class StopSignals {
  private static final Logger LOG = Logger.getLogger(StopSignals.class);

  /** Exit status of a process that a signal ended, less the signal's number, as shells have it. */
  private static final int SIGNALLED = 128;

  /** After {@link dev.lookalike.service.process.StartGuard}, before anything that works. */
  void start(@Observes @Priority(2) StartupEvent event) {
    for (String name : List.of("TERM", "INT")) {
      Signal.handle(
          new Signal(name),
          signal -> {
            LOG.infof("SIG%s: stopping", signal.getName());
            Quarkus.asyncExit(SIGNALLED + signal.getNumber());
          });
    }
  }
}
