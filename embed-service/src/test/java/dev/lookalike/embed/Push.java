package dev.lookalike.embed;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Sends bodies over HTTP without waiting for leave, as a flood does. */
final class Push {
  private Push() {}

  /** What so many senders of the same body at once are answered. */
  static List<String> atOnce(int senders, int port, String path, String mediaType, byte[] body)
      throws InterruptedException {
    List<String> answers = new CopyOnWriteArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < senders; i++) {
      threads.add(Thread.startVirtualThread(() -> answers.add(one(port, path, mediaType, body))));
    }
    for (Thread thread : threads) {
      if (!thread.join(Duration.ofSeconds(90))) {
        throw new IllegalStateException("a sender has no answer");
      }
    }
    return answers;
  }

  /** The status; "lost" where the sender was pushed back before it had read it. */
  private static String one(int port, String path, String mediaType, byte[] body) {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(80_000);
      Thread sender =
          Thread.startVirtualThread(
              () -> {
                try {
                  OutputStream out = socket.getOutputStream();
                  out.write(
                      ("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + mediaType)
                          .getBytes());
                  out.write(("\r\nContent-Length: " + body.length + "\r\n\r\n").getBytes());
                  for (int at = 0; at < body.length; at += 1 << 16) {
                    out.write(body, at, Math.min(1 << 16, body.length - at));
                  }
                } catch (IOException refusedMeanwhile) {
                  return;
                }
              });
      BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream()));
      String first = in.readLine();
      socket.close();
      sender.join();
      return first == null ? "lost" : first.split(" ")[1];
    } catch (IOException e) {
      return "lost";
    } catch (InterruptedException e) {
      return "interrupted";
    }
  }
}
