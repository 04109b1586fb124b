package dev.lookalike.cli.terminal;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Console;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * Where a command writes: results to standard output, everything else to standard error. Uses
 * colours and moving lines only on an interactive terminal, and not if NO_COLOR is set.
 */
public final class Terminal {

  /** The terminal of this process: the current System.out and System.err at each write. */
  public static final Terminal SYSTEM =
      new Terminal(
          new PrintStream(new Following(() -> System.out), false, StandardCharsets.UTF_8),
          new PrintStream(new Following(() -> System.err), true, StandardCharsets.UTF_8),
          isTerminal());

  /** Writes to the current stream. */
  private static final class Following extends OutputStream {

    private final Supplier<PrintStream> current;

    Following(Supplier<PrintStream> current) {
      this.current = current;
    }

    @Override
    public void write(int b) {
      current.get().write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      current.get().write(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
      current.get().flush();
      if (current.get().checkError()) {
        throw new IOException("cannot write");
      }
    }
  }

  private final PrintStream out;
  private final PrintStream err;
  private final boolean interactive;
  private final boolean colours;

  public Terminal(PrintStream out, PrintStream err, boolean interactive) {
    this.out = out;
    this.err = err;
    this.interactive = interactive;
    this.colours = interactive && System.getenv("NO_COLOR") == null;
  }

  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal() && !"dumb".equals(System.getenv("TERM"));
  }

  /** Whether the output is an interactive terminal. */
  public boolean interactive() {
    return interactive;
  }

  public PrintStream out() {
    return out;
  }

  /** Prints a line of the result. */
  public void line(String line) {
    out.println(line);
    out.flush();
  }

  /** Prints the result for scripts. */
  public void json(JsonNode node) {
    line(Json.line(node));
  }

  /** Prints a line about the work, for people. */
  public void note(String line) {
    err.println(line);
  }

  /** Replaces the moving line; does nothing if the terminal is not interactive. */
  public void moving(String line) {
    err.print("\r\u001b[2K" + line);
    err.flush();
  }

  public String bold(String text) {
    return colours ? "\u001b[1m" + text + "\u001b[0m" : text;
  }

  public String faint(String text) {
    return colours ? "\u001b[2m" + text + "\u001b[0m" : text;
  }

  public String good(String text) {
    return colours ? "\u001b[32m" + text + "\u001b[0m" : text;
  }

  public String bad(String text) {
    return colours ? "\u001b[31m" + text + "\u001b[0m" : text;
  }
}
