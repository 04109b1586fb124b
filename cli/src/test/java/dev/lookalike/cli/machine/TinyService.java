package dev.lookalike.cli.machine;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A child for tests: answers health requests until its standard input ends; then writes its name to
 * a file.
 */
final class TinyService {

  private TinyService() {}

  /** Arguments: name, port, file that gets a line on a clean exit. */
  public static void main(String[] args) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[1])), 0);
    server.createContext(
        "/q/health",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    server.start();
    System.out.println("READY " + args[0]);
    System.in.readAllBytes();
    Files.writeString(
        Path.of(args[2]), args[0] + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    System.exit(0);
  }
}
