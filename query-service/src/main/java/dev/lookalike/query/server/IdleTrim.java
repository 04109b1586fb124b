package dev.lookalike.query.server;

import com.sun.management.OperatingSystemMXBean;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.time.Duration;

/**
 * Gives the heap back when work has ended. The serial collector, which costs the least at rest,
 * collects the old generation only when that is full: what a burst of images left there stays
 * resident for good. So one whole collection is asked for when the process has been at rest for a
 * while and holds clearly more than after the last one; the JVM's MaxHeapFreeRatio then decides
 * what goes back to the system.
 */
@ApplicationScoped
public class IdleTrim {
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** CPU time in each second below which the process is at rest: polls and probes take 1 to 3 %. */
  private static final Duration REST = Duration.ofMillis(100);

  /** Less is not worth a collection: the young generation alone comes and goes by that much. */
  private static final long WORTHWHILE_BYTES = 16 << 20;

  private final Duration after;
  private final MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
  private long live;

  public IdleTrim(QuerySettings settings) {
    this.after = settings.idleTrimAfter();
  }

  void start(@Observes StartupEvent event) {
    if (after.isPositive()) {
      Thread.ofPlatform().name("idle-trim").daemon().start(this::watch);
    }
  }

  private void watch() {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    Duration rested = Duration.ZERO;
    long before = system.getProcessCpuTime();
    while (true) {
      try {
        Thread.sleep(LOOK_EVERY);
      } catch (InterruptedException e) {
        return;
      }
      long now = system.getProcessCpuTime();
      rested = now - before < REST.toNanos() ? rested.plus(LOOK_EVERY) : Duration.ZERO;
      before = now;
      if (rested.compareTo(after) >= 0 && holdsMore(used(), live)) {
        System.gc();
        live = used();
      }
    }
  }

  private long used() {
    return memory.getHeapMemoryUsage().getUsed();
  }

  /** Whether this heap is so much fuller than it need be that a whole collection pays. */
  static boolean holdsMore(long used, long live) {
    return used - live > Math.max(WORTHWHILE_BYTES, live / 2);
  }
}
