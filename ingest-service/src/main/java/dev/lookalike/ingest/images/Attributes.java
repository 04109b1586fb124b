package dev.lookalike.ingest.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Timestamp;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Attributes as clients give them, checked against their limits. */
public final class Attributes {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]{0,63}");
  private static final int MAX_ENTRIES = 64;
  private static final int MAX_STRING_BYTES = 4096;
  private static final int MAX_STRINGS = 256;

  /** Of all values together: image and attributes share one record. */
  private static final int MAX_TOTAL_BYTES = 256 << 10;

  private static final long FIRST_SECOND = Instant.parse("0001-01-01T00:00:00Z").getEpochSecond();
  private static final long LAST_SECOND = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();
  private static final int MILLI = 1_000_000;

  private Attributes() {}

  /**
   * Checks attributes against their limits; a time loses what is below a millisecond.
   *
   * @throws RefusedException INVALID_ATTRIBUTE
   */
  public static Map<String, AttributeValue> checked(Map<String, AttributeValue> values) {
    if (values.size() > MAX_ENTRIES) {
      throw invalid("an image can have at most %d attributes".formatted(MAX_ENTRIES));
    }
    Map<String, AttributeValue> checked = new LinkedHashMap<>();
    int total = 0;
    for (Map.Entry<String, AttributeValue> entry : values.entrySet()) {
      String name = checkedName(entry.getKey());
      AttributeValue value = checked(name, entry.getValue());
      total += value.getSerializedSize();
      checked.put(name, value);
    }
    if (total > MAX_TOTAL_BYTES) {
      throw invalid("all attributes together can have at most %d bytes".formatted(MAX_TOTAL_BYTES));
    }
    return checked;
  }

  /**
   * @throws RefusedException INVALID_ATTRIBUTE
   */
  public static String checkedName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw invalid("an attribute's name must match " + NAME.pattern());
    }
    return name;
  }

  private static AttributeValue checked(String name, AttributeValue value) {
    return switch (value.getKindCase()) {
      case STRING -> {
        requireBytes(name, value.getString());
        yield value;
      }
      case NUMBER -> {
        if (!Double.isFinite(value.getNumber())) {
          throw invalid("\"" + name + "\": a number must be finite");
        }
        yield value;
      }
      case BOOLEAN -> value;
      case TIME -> {
        Timestamp time = value.getTime();
        if (time.getSeconds() < FIRST_SECOND
            || time.getSeconds() > LAST_SECOND
            || time.getNanos() < 0
            || time.getNanos() > 999_999_999) {
          throw invalid("\"" + name + "\": a time must be in the years 1 to 9999");
        }
        yield AttributeValue.newBuilder()
            .setTime(time.toBuilder().setNanos(time.getNanos() / MILLI * MILLI))
            .build();
      }
      case STRINGS -> {
        if (value.getStrings().getValuesCount() > MAX_STRINGS) {
          throw invalid("\"%s\": a list can have at most %d strings".formatted(name, MAX_STRINGS));
        }
        value.getStrings().getValuesList().forEach(string -> requireBytes(name, string));
        yield value;
      }
      case KIND_NOT_SET -> throw invalid("\"" + name + "\" has no value");
    };
  }

  private static void requireBytes(String name, String value) {
    if (value.getBytes(UTF_8).length > MAX_STRING_BYTES) {
      throw invalid("\"%s\": a string can have at most %d bytes".formatted(name, MAX_STRING_BYTES));
    }
  }

  /** The refusal of an attribute that is not valid. */
  public static RefusedException invalid(String detail) {
    return new RefusedException(ErrorCode.INVALID_ATTRIBUTE, detail);
  }
}
