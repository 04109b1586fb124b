package dev.lookalike.cli.models;

import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxy from the environment variables that other tools use: HTTPS_PROXY, HTTP_PROXY and
 * NO_PROXY, in upper or lower case.
 *
 * @param https for https addresses
 * @param http for http addresses
 * @param direct hosts and domains to reach without a proxy; "*" for all
 */
record HubProxy(Optional<URI> https, Optional<URI> http, List<String> direct) {
  static final HubProxy NONE = new HubProxy(Optional.empty(), Optional.empty(), List.of());

  HubProxy {
    direct = List.copyOf(direct);
  }

  static HubProxy of(Map<String, String> environment) {
    return new HubProxy(
        value(environment, "HTTPS_PROXY").map(HubProxy::address),
        value(environment, "HTTP_PROXY").map(HubProxy::address),
        value(environment, "NO_PROXY")
            .map(text -> Arrays.stream(text.split(",")).map(String::strip).toList())
            .orElse(List.of()));
  }

  private static Optional<String> value(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name))
        .or(() -> Optional.ofNullable(environment.get(name.toLowerCase(Locale.ROOT))))
        .map(String::strip)
        .filter(text -> !text.isEmpty());
  }

  private static URI address(String text) {
    try {
      URI uri = URI.create(text.contains("://") ? text : "http://" + text);
      if (uri.getHost() != null && uri.getUserInfo() == null) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      throw unusable();
    }
    throw unusable();
  }

  private static CommandFailure unusable() {
    return new CommandFailure(
        ExitCode.USAGE,
        "PROXY",
        "the proxy in the environment must be http://host:port (passwords are not supported)");
  }

  Proxy of(URI uri) {
    Optional<URI> proxy = "https".equalsIgnoreCase(uri.getScheme()) ? https : http;
    return proxy
        .filter(through -> !isDirect(uri.getHost()))
        .map(
            through ->
                new Proxy(
                    Proxy.Type.HTTP,
                    InetSocketAddress.createUnresolved(
                        through.getHost(), through.getPort() < 0 ? 80 : through.getPort())))
        .orElse(Proxy.NO_PROXY);
  }

  private boolean isDirect(String host) {
    return host.equals("127.0.0.1")
        || host.equals("localhost")
        || direct.stream()
            .map(each -> each.startsWith(".") ? each.substring(1) : each)
            .anyMatch(each -> each.equals("*") || host.equals(each) || host.endsWith("." + each));
  }

  /** For a message: the proxy in use. */
  String describe(URI uri) {
    Proxy proxy = of(uri);
    return proxy.equals(Proxy.NO_PROXY) ? "" : " through the proxy " + proxy.address();
  }
}
