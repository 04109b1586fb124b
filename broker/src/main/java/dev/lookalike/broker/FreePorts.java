package dev.lookalike.broker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Free ports on loopback, for a process that is told where to listen. They lie below the ports that
 * systems give to outgoing connections (Linux: from 32768, {@code net.ipv4.ip_local_port_range}),
 * which may be taken by a client a moment later.
 */
public final class FreePorts {
  private static final int FIRST = 20_000;
  private static final int END = 32_000;

  /** This JVM gives out each port once, as long as there are others. */
  private static final AtomicInteger NEXT =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(END - FIRST));

  private FreePorts() {}

  /**
   * A free port.
   *
   * @throws IllegalStateException if there is none
   */
  public static int next() {
    for (int tries = FIRST; tries < END; tries++) {
      int port = FIRST + Math.floorMod(NEXT.getAndIncrement(), END - FIRST);
      if (isFree(port)) {
        return port;
      }
    }
    throw new IllegalStateException("no port from " + FIRST + " to " + END + " is free");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(InetAddress.getByName(BrokerSettings.HOST), port), 1);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
