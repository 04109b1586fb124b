package dev.lookalike.cli.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.images.AttributeOption.Typed;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * Attributes and labels of files, from a CSV file (with a header; columns {@code name:type}) or
 * JSON lines. The column or field {@value #FILE} (in CSV otherwise the first column) names the
 * file: by its path in the folder, or by its last part. The column or field {@value #LABEL} holds
 * labels.
 */
final class AttributeTable {

  static final String FILE = "file";
  static final String LABEL = "label";

  /** The attributes and labels of one file. */
  record Row(ObjectNode attributes, List<String> labels) {}

  private final Map<String, Row> rows;

  private AttributeTable(Map<String, Row> rows) {
    this.rows = rows;
  }

  static AttributeTable none() {
    return new AttributeTable(Map.of());
  }

  int size() {
    return rows.size();
  }

  /** The row of a file: by its path in the folder, or by its last part. */
  Optional<Row> find(String name) {
    Row row = rows.get(name);
    if (row == null) {
      row = rows.get(name.substring(name.lastIndexOf('/') + 1));
    }
    return Optional.ofNullable(row);
  }

  /** Number of rows whose file is not among the given ones. */
  long unmatched(List<FolderFile> files) {
    Map<String, Row> left = new HashMap<>(rows);
    for (FolderFile file : files) {
      if (left.remove(file.name()) == null) {
        left.remove(file.name().substring(file.name().lastIndexOf('/') + 1));
      }
    }
    return left.size();
  }

  /**
   * Reads the whole table before anything is uploaded.
   *
   * @throws IllegalArgumentException with the line and column that cannot be read
   */
  static AttributeTable read(Path file) throws IOException {
    String name = file.getFileName().toString();
    return name.endsWith(".jsonl") || name.endsWith(".ndjson") ? readLines(file) : readCsv(file);
  }

  private static AttributeTable readCsv(Path file) throws IOException {
    CSVFormat format =
        CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).setTrim(true).get();
    Map<String, Row> rows = new HashMap<>();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8);
        CSVParser parser = format.parse(reader)) {
      List<String> head = new ArrayList<>(parser.getHeaderNames());
      if (head.isEmpty()) {
        throw new IllegalArgumentException(file + " has no header");
      }
      head.set(0, head.getFirst().replace("\ufeff", ""));
      List<Typed> columns = head.stream().map(Typed::parse).toList();
      int key = Math.max(0, head.indexOf(FILE));
      for (CSVRecord record : parser) {
        rows.put(record.get(key), row(file, record, columns, key));
      }
    }
    return new AttributeTable(rows);
  }

  private static Row row(Path file, CSVRecord record, List<Typed> columns, int key) {
    ObjectNode attributes = Json.object();
    List<String> labels = new ArrayList<>();
    for (int c = 0; c < columns.size() && c < record.size(); c++) {
      String cell = record.get(c);
      Typed column = columns.get(c);
      if (c == key || cell.isEmpty()) {
        continue;
      }
      if (column.name().equals(LABEL)) {
        labels.add(cell);
        continue;
      }
      try {
        attributes.set(column.name(), column.type().value(cell));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "%s, row %d, column %s: %s"
                .formatted(file, record.getRecordNumber() + 1, column.name(), e.getMessage()),
            e);
      }
    }
    return new Row(attributes, labels);
  }

  private static AttributeTable readLines(Path file) throws IOException {
    Map<String, Row> rows = new HashMap<>();
    int[] number = {0};
    try (Stream<String> lines = Files.lines(file, StandardCharsets.UTF_8)) {
      lines.forEach(
          line -> {
            number[0]++;
            if (line.isBlank()) {
              return;
            }
            JsonNode node;
            try {
              node = Json.parse(line);
            } catch (IllegalArgumentException e) {
              throw new IllegalArgumentException(
                  "%s, line %d: %s".formatted(file, number[0], e.getMessage()), e);
            }
            if (!(node instanceof ObjectNode attributes) || !attributes.path(FILE).isTextual()) {
              throw new IllegalArgumentException(
                  "%s, line %d: not an object with a field file".formatted(file, number[0]));
            }
            List<String> labels = new ArrayList<>();
            JsonNode label = attributes.path(LABEL);
            if (label.isTextual()) {
              labels.add(label.asText());
            }
            label.forEach(l -> labels.add(l.asText()));
            String name = attributes.path(FILE).asText();
            attributes.remove(List.of(FILE, LABEL));
            rows.put(name, new Row(attributes, labels));
          });
    }
    return new AttributeTable(rows);
  }
}
