package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.lookalike.cli.terminal.Json;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Typed attributes in text: {@code name=value} is a string; {@code name:number=9.5}, {@code
 * name:boolean=true}, {@code name:time=2026-01-31T12:00:00Z} (or a date), {@code name:list=a;b}
 * give another type. Columns of a CSV file are named in the same way.
 *
 * @param value as in docs/contracts.md
 */
public record AttributeOption(String name, JsonNode value) {

  /** The type of an attribute, as in a column name. */
  public enum Type {
    STRING,
    NUMBER,
    BOOLEAN,
    TIME,
    LIST;

    /**
     * @throws IllegalArgumentException with a sentence that says what is wrong with the text
     */
    public JsonNode value(String text) {
      JsonNodeFactory json = JsonNodeFactory.instance;
      return switch (this) {
        case STRING -> json.textNode(text);
        case NUMBER -> {
          double number;
          try {
            number = Double.parseDouble(text.strip());
          } catch (NumberFormatException e) {
            throw new IllegalArgumentException("not a number: " + text, e);
          }
          if (!Double.isFinite(number)) {
            throw new IllegalArgumentException("not a finite number: " + text);
          }
          yield json.numberNode(number);
        }
        case BOOLEAN ->
            switch (text.strip().toLowerCase(Locale.ROOT)) {
              case "true", "yes", "1" -> json.booleanNode(true);
              case "false", "no", "0" -> json.booleanNode(false);
              default -> throw new IllegalArgumentException("neither true nor false: " + text);
            };
        case TIME -> Json.object().put("time", instant(text.strip()).toString());
        case LIST -> {
          ArrayNode list = json.arrayNode();
          for (String entry : text.split(";", -1)) {
            if (!entry.isBlank()) {
              list.add(entry.strip());
            }
          }
          yield list;
        }
      };
    }

    private static Instant instant(String text) {
      try {
        return text.length() == "2026-01-31".length()
            ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
            : OffsetDateTime.parse(text).toInstant();
      } catch (DateTimeParseException e) {
        throw new IllegalArgumentException(
            "not a time like 2026-01-31 or 2026-01-31T12:00:00Z: " + text, e);
      }
    }
  }

  /** A name and its type. */
  public record Typed(String name, Type type) {

    /**
     * Reads {@code name} or {@code name:type}; a colon that is not followed by a type belongs to
     * the name.
     */
    public static Typed parse(String text) {
      int colon = text.lastIndexOf(':');
      if (colon > 0) {
        Optional<Type> type =
            List.of(Type.values()).stream()
                .filter(t -> t.name().equalsIgnoreCase(text.substring(colon + 1).strip()))
                .findFirst();
        if (type.isPresent()) {
          return new Typed(text.substring(0, colon).strip(), type.get());
        }
      }
      return new Typed(text.strip(), Type.STRING);
    }
  }

  /**
   * Reads {@code name[:type]=value}.
   *
   * @throws IllegalArgumentException if there is no name, or if the value does not have the type
   */
  public static AttributeOption parse(String text) {
    int equals = text.indexOf('=');
    if (equals < 1) {
      throw new IllegalArgumentException("not NAME=VALUE: " + text);
    }
    Typed typed = Typed.parse(text.substring(0, equals));
    return new AttributeOption(typed.name(), typed.type().value(text.substring(equals + 1)));
  }

  /** An attribute's value for people. */
  public static String text(JsonNode value) {
    if (value.isObject()) {
      return value.path("time").asText();
    }
    if (value.isArray()) {
      StringBuilder list = new StringBuilder();
      value.forEach(v -> list.append(list.isEmpty() ? "" : "; ").append(v.asText()));
      return list.toString();
    }
    return value.asText();
  }
}
