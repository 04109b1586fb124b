package dev.lookalike.service.process;

import dev.lookalike.service.access.AccessSettings;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * Refuses to start if the service would be open to the network without permission, and exits with
 * the parent process if configured.
 */
@ApplicationScoped
public class StartGuard {
  private static final Logger LOG = Logger.getLogger(StartGuard.class);

  private final ProcessSettings settings;
  private final AccessSettings access;
  private final String httpHost;
  private final String grpcHost;

  public StartGuard(
      ProcessSettings settings,
      AccessSettings access,
      @ConfigProperty(name = "quarkus.http.host") String httpHost,
      @ConfigProperty(name = "quarkus.grpc.server.host") String grpcHost) {
    this.settings = settings;
    this.access = access;
    this.httpHost = httpHost;
    this.grpcHost = grpcHost;
  }

  /**
   * For a service that opens something before the startup event.
   *
   * @throws IllegalStateException if the service would listen beyond loopback without access keys
   *     and without permission
   */
  public void check() {
    if (!settings.allowRemote() && access.keysFile().isEmpty()) {
      requireLoopback("quarkus.http.host", httpHost);
      requireLoopback("quarkus.grpc.server.host", grpcHost);
    }
  }

  /** Runs before all other startup observers. */
  void start(@Observes @Priority(1) StartupEvent event) {
    check();
    if (settings.exitWithParent()) {
      exitWhenInputEnds(System.in);
    }
  }

  /**
   * @throws IllegalStateException unless every address of the host is a loopback address
   */
  static void requireLoopback(String key, String host) {
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        if (!address.isLoopbackAddress()) {
          throw new IllegalStateException(
              ("%s=%s is not loopback, so anyone could use the service: set"
                      + " lookalike.access.keys-file, or lookalike.allow-remote=true to allow that")
                  .formatted(key, host));
        }
      }
    } catch (UnknownHostException e) {
      throw new IllegalStateException("%s=%s is not a host".formatted(key, host), e);
    }
  }

  private static void exitWhenInputEnds(InputStream input) {
    Thread.ofPlatform()
        .name("exit-with-parent")
        .daemon()
        .start(
            () -> {
              try {
                input.transferTo(OutputStream.nullOutputStream());
              } catch (IOException e) {
                LOG.debug("standard input broke", e);
              }
              LOG.info("standard input ended: stopping");
              Quarkus.asyncExit();
            });
  }
}
