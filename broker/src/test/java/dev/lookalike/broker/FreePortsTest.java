package dev.lookalike.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FreePortsTest {
  @Test
  void differAndAreNoneThatAClientMayBeGiven() {
    Set<Integer> ports = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      ports.add(FreePorts.next());
    }
    assertThat(ports).hasSize(200).allMatch(port -> port >= 1024 && port < 32_768);
  }

  @Test
  void skipWhatIsTaken() throws Exception {
    int next = FreePorts.next() + 1;
    try (ServerSocket taken = new ServerSocket(next, 1, InetAddress.getByName("127.0.0.1"))) {
      assertThat(FreePorts.next()).isNotEqualTo(taken.getLocalPort());
    }
  }
}
