package dev.lookalike.ingest.system;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * One gRPC call on a connection of its own, frame by frame: sends as slowly, in as small pieces and
 * as much at once as no real client does, and keeps nothing of what it sends.
 */
final class RawCall implements AutoCloseable {
  static final int FRAME = 16_384;
  private static final int STREAM = 1;

  private final Socket socket;
  private final DataOutputStream out;
  private final DataInputStream in;
  private final DefaultHttp2HeadersDecoder headers = new DefaultHttp2HeadersDecoder(false);
  private final Thread reader;
  private long connectionWindow = 65_535;
  private long streamWindow = 65_535;
  private long initialWindow = 65_535;
  private Optional<String> end = Optional.empty();

  /**
   * @param method such as lookalike.ingest.v1.Ingest/PutImage
   */
  RawCall(int port, String method) throws IOException {
    socket = new Socket("127.0.0.1", port);
    socket.setSoTimeout(120_000);
    out = new DataOutputStream(socket.getOutputStream());
    in = new DataInputStream(socket.getInputStream());
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    frame(4, 0, 0, new byte[0], 0, 0);
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.write(0x83); // :method: POST
    block.write(0x86); // :scheme: http
    literal(block, 0x04, "/" + method);
    literal(block, 0x01, "localhost");
    block.write(0x0f);
    block.write(0x10);
    text(block, "application/grpc");
    block.write(0x00);
    text(block, "te");
    text(block, "trailers");
    frame(1, 0x4, STREAM, block.toByteArray(), 0, block.size());
    reader = Thread.startVirtualThread(this::read);
  }

  private static void literal(ByteArrayOutputStream block, int name, String value) {
    block.write(name);
    text(block, value);
  }

  private static void text(ByteArrayOutputStream block, String text) {
    block.write(text.length());
    block.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  private synchronized void frame(
      int type, int flags, int stream, byte[] payload, int offset, int length) throws IOException {
    out.writeByte(length >> 16);
    out.writeShort(length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload, offset, length);
    out.flush();
  }

  /**
   * Sends bytes of the call in frames as far as the receiver lets it, and waits where it does not.
   *
   * @return false when the call has ended meanwhile
   */
  boolean send(byte[] bytes, int offset, int length, int frameBytes) throws Exception {
    int at = offset;
    while (at < offset + length) {
      int next;
      synchronized (this) {
        next = (int) Math.min(frameBytes, Math.min(connectionWindow, streamWindow));
        next = Math.min(next, offset + length - at);
        if (end.isPresent()) {
          return false;
        }
        if (next <= 0) {
          wait(100);
          continue;
        }
        connectionWindow -= next;
        streamWindow -= next;
      }
      try {
        frame(0, 0, STREAM, bytes, at, next);
      } catch (IOException e) {
        return false;
      }
      at += next;
    }
    return true;
  }

  /** The prefix of a message of so many bytes. */
  static byte[] prefix(int length) {
    return new byte[] {
      0, (byte) (length >> 24), (byte) (length >> 16), (byte) (length >> 8), (byte) length
    };
  }

  void halfClose() throws IOException {
    frame(0, 0x1, STREAM, new byte[0], 0, 0);
  }

  /** How it ended: the name of the gRPC status, or what became of the connection. */
  String awaitEnd() throws InterruptedException {
    reader.join();
    synchronized (this) {
      return end.orElse("open");
    }
  }

  synchronized boolean ended() {
    return end.isPresent();
  }

  private void read() {
    try {
      while (true) {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = in.readNBytes(length);
        switch (type) {
          case 1 -> {
            ByteBuf block = Unpooled.wrappedBuffer(payload);
            Http2Headers read = headers.decodeHeaders(stream, block);
            CharSequence status = read.get("grpc-status");
            if (status != null) {
              end(
                  io.grpc.Status.fromCodeValue(Integer.parseInt(status.toString()))
                      .getCode()
                      .name());
              return;
            }
          }
          case 3 -> {
            end("RESET");
            return;
          }
          case 4 -> {
            if ((flags & 1) == 0) {
              settings(payload);
              frame(4, 1, 0, new byte[0], 0, 0);
            }
          }
          case 6 -> {
            if ((flags & 1) == 0) {
              frame(6, 1, 0, payload, 0, payload.length);
            }
          }
          case 7 -> {
            end("GOAWAY");
            return;
          }
          case 8 -> credit(stream, new DataInputStream(new java.io.ByteArrayInputStream(payload)));
          default -> {}
        }
      }
    } catch (Exception e) {
      end("LOST");
    }
  }

  private synchronized void settings(byte[] payload) throws IOException {
    DataInputStream read = new DataInputStream(new java.io.ByteArrayInputStream(payload));
    for (int i = 0; i < payload.length; i += 6) {
      int id = read.readUnsignedShort();
      int value = read.readInt();
      if (id == 4) {
        streamWindow += value - initialWindow;
        initialWindow = value;
      }
    }
    notifyAll();
  }

  private synchronized void credit(int stream, DataInputStream payload) throws IOException {
    int more = payload.readInt();
    if (stream == 0) {
      connectionWindow += more;
    } else {
      streamWindow += more;
    }
    notifyAll();
  }

  private synchronized void end(String how) {
    if (end.isEmpty()) {
      end = Optional.of(how);
    }
    notifyAll();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
