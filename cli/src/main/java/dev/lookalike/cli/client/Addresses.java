package dev.lookalike.cli.client;

import dev.lookalike.cli.home.Ports;
import java.net.URI;

/** Base addresses of the REST interfaces, without a trailing slash. */
public record Addresses(URI ingest, URI embed, URI query) {

  /** The addresses on this machine. */
  public static Addresses of(Ports ports) {
    return new Addresses(
        http(ports, Ports.Listener.INGEST),
        http(ports, Ports.Listener.EMBED),
        http(ports, Ports.Listener.QUERY));
  }

  private static URI http(Ports ports, Ports.Listener listener) {
    return URI.create("http://" + ports.address(listener));
  }
}
