package dev.lookalike.service.process;

import com.sun.management.OperatingSystemMXBean;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.time.Duration;
import java.util.List;

/**
 * Returns heap memory to the system when the process is idle. The serial collector, which costs the
 * least when idle, collects the old generation only when it is full: garbage from a burst of images
 * would stay resident. So this class requests one full collection when the process has been idle
 * for a while and holds clearly more than after the last one; the JVM's MaxHeapFreeRatio then
 * decides how much goes back to the system.
 */
@ApplicationScoped
public class IdleTrim {
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** CPU time per second below which the process counts as idle: polls and probes take 1 to 3 %. */
  private static final Duration REST = Duration.ofMillis(100);

  /** Less garbage than this is not worth a collection. */
  private static final long WORTHWHILE_BYTES = 4 << 20;

  private final Duration after;
  private final List<MemoryPoolMXBean> oldGeneration =
      ManagementFactory.getMemoryPoolMXBeans().stream()
          .filter(
              pool -> pool.getName().endsWith("Old Gen") || pool.getName().equals("Tenured Gen"))
          .toList();
  private long live;

  public IdleTrim(ProcessSettings settings) {
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
    return oldGeneration.stream().mapToLong(pool -> pool.getUsage().getUsed()).sum();
  }

  /** Whether the old generation holds enough garbage for a full collection to pay. */
  static boolean holdsMore(long used, long live) {
    return used - live > Math.max(WORTHWHILE_BYTES, live / 8);
  }
}
