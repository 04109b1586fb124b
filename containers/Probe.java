import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * The health check of an image without a shell: asks for the readiness of the service in the same
 * container; exits with 0 if it is ready, otherwise with 1 and the reason on standard output. Uses
 * plain sockets: an HTTP client would triple the running time of the JVM.
 */
public final class Probe {
  private static final int PATIENCE_MILLIS = 3_000;

  private Probe() {}

  public static void main(String[] args) {
    int port = Integer.parseInt(System.getenv("PROBE_PORT"));
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), PATIENCE_MILLIS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      socket
          .getOutputStream()
          .write(
              "GET /q/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      BufferedReader answer =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      String status = answer.readLine();
      if (status != null && status.startsWith("HTTP/1.1 200 ")) {
        return;
      }
      System.out.println(status);
      answer.lines().dropWhile(line -> !line.isEmpty()).forEach(System.out::println);
    } catch (IOException e) {
      System.out.println(e.getMessage());
    }
    System.exit(1);
  }
}
