package dev.lookalike.cli.terminal;

import java.util.ArrayList;
import java.util.List;

/** Columns of text, each as wide as its widest cell; the last one is not padded. */
public final class Table {

  private final List<List<String>> rows = new ArrayList<>();

  public Table(String... head) {
    rows.add(List.of(head));
  }

  public void row(String... cells) {
    rows.add(List.of(cells));
  }

  /** Prints the header in bold, then the rows. Numbers are right-aligned. */
  public void print(Terminal terminal) {
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    boolean[] numeric = new boolean[columns];
    for (int c = 0; c < columns; c++) {
      numeric[c] = rows.size() > 1;
      for (int r = 0; r < rows.size(); r++) {
        String cell = rows.get(r).get(c);
        widths[c] = Math.max(widths[c], cell.length());
        numeric[c] &= r == 0 || cell.isEmpty() || cell.matches("-?[0-9][0-9.,]*%?");
      }
    }
    for (int r = 0; r < rows.size(); r++) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < columns; c++) {
        String cell = rows.get(r).get(c);
        String padding = " ".repeat(widths[c] - cell.length());
        line.append(c == 0 ? "" : "  ").append(numeric[c] ? padding + cell : cell + padding);
      }
      String text = line.toString().stripTrailing();
      terminal.line(r == 0 ? terminal.bold(text) : text);
    }
  }
}
