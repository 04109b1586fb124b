package dev.lookalike.query.server;

import dev.lookalike.edge.AccessSettings;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** Refuses to start where anybody could read the index, and ends with the parent if told so. */
@ApplicationScoped
public class StartGuard {
  private static final Logger LOG = Logger.getLogger(StartGuard.class);

  private final QuerySettings settings;
  private final AccessSettings access;
  private final String httpHost;
  private final String grpcHost;

  StartGuard(
      QuerySettings settings,
      AccessSettings access,
      @ConfigProperty(name = "quarkus.http.host") String httpHost,
      @ConfigProperty(name = "quarkus.grpc.server.host") String grpcHost) {
    this.settings = settings;
    this.access = access;
    this.httpHost = httpHost;
    this.grpcHost = grpcHost;
  }

  /**
   * @throws IllegalStateException if the service is told to listen elsewhere than on loopback
   *     without access keys and without being allowed to
   */
  void check() {
    if (!settings.allowRemote() && access.keysFile().isEmpty()) {
      requireLoopback("quarkus.http.host", httpHost);
      requireLoopback("quarkus.grpc.server.host", grpcHost);
    }
  }

  void start(@Observes StartupEvent event) {
    if (settings.exitWithParent()) {
      Thread.ofPlatform().name("exit-with-parent").daemon().start(StartGuard::exitWhenInputEnds);
    }
  }

  static void requireLoopback(String key, String host) {
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        if (!address.isLoopbackAddress()) {
          throw new IllegalStateException(
              key
                  + "="
                  + host
                  + " is not loopback, and anybody could use it: set lookalike.access.keys-file,"
                  + " or lookalike.allow-remote=true to listen there all the same");
        }
      }
    } catch (UnknownHostException e) {
      throw new IllegalStateException(key + "=" + host + " is not a host", e);
    }
  }

  private static void exitWhenInputEnds() {
    try {
      System.in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      LOG.debug("standard input broke", e);
    }
    LOG.info("standard input has ended: stopping");
    Quarkus.asyncExit();
  }
}
