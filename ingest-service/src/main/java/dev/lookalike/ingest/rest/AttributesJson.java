package dev.lookalike.ingest.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Timestamp;
import dev.lookalike.ingest.images.Attributes;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.StringList;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import dev.lookalike.service.rest.JsonBody;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads attributes from a JSON object. */
final class AttributesJson {
  private AttributesJson() {}

  /** Reads the text of a JSON object. */
  static Map<String, AttributeValue> read(String json) {
    return read(JsonBody.tree(json, ErrorCode.INVALID_ATTRIBUTE, "attributes"));
  }

  /**
   * @throws RefusedException INVALID_ATTRIBUTE
   */
  static Map<String, AttributeValue> read(JsonNode object) {
    if (!object.isObject()) {
      throw Attributes.invalid("attributes must be a JSON object");
    }
    Map<String, AttributeValue> values = new LinkedHashMap<>();
    object
        .properties()
        .forEach(
            entry ->
                values.put(
                    Attributes.checkedName(entry.getKey()),
                    value(entry.getKey(), entry.getValue())));
    return Attributes.checked(values);
  }

  private static AttributeValue value(String name, JsonNode node) {
    AttributeValue.Builder value = AttributeValue.newBuilder();
    switch (node.getNodeType()) {
      case STRING -> value.setString(node.textValue());
      case NUMBER -> value.setNumber(node.doubleValue());
      case BOOLEAN -> value.setBoolean(node.booleanValue());
      case ARRAY -> {
        StringList.Builder strings = StringList.newBuilder();
        for (JsonNode item : node) {
          if (!item.isTextual()) {
            throw Attributes.invalid("\"" + name + "\": a list can hold only strings");
          }
          strings.addValues(item.textValue());
        }
        value.setStrings(strings);
      }
      case OBJECT -> value.setTime(time(name, node));
      case NULL, MISSING, BINARY, POJO -> throw Attributes.invalid("\"" + name + "\" has no value");
    }
    return value.build();
  }

  private static Timestamp time(String name, JsonNode node) {
    JsonNode time = node.get("time");
    if (node.size() != 1 || time == null || !time.isTextual()) {
      throw Attributes.invalid(
          "\"%s\": a value must be a string, number, boolean, array of strings or {\"time\": \"...\"}"
              .formatted(name));
    }
    try {
      Instant instant = OffsetDateTime.parse(time.textValue()).toInstant();
      return Timestamp.newBuilder()
          .setSeconds(instant.getEpochSecond())
          .setNanos(instant.getNano())
          .build();
    } catch (DateTimeException e) {
      throw Attributes.invalid("\"" + name + "\": write a time like 2026-01-31T12:00:00Z");
    }
  }
}
