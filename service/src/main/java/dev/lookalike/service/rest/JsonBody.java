package dev.lookalike.service.rest;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads JSON from clients as a stream, with a size limit and no unknown fields. */
public final class JsonBody {
  /** Largest number of bytes of a JSON body. */
  static final int MAX_BYTES = 1 << 20;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .disable(com.fasterxml.jackson.databind.MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .build();

  private JsonBody() {}

  /**
   * @param body read to its end, at most {@value #MAX_BYTES} bytes
   * @throws RefusedException INVALID_ARGUMENT for JSON of another form; names an unknown field
   */
  public static <T> T read(InputStream body, Class<T> type) {
    return read(body, type, MAX_BYTES);
  }

  /**
   * @param body read to its end, at most {@code most} bytes
   * @throws RefusedException INVALID_ARGUMENT for JSON of another form; names an unknown field
   */
  public static <T> T read(InputStream body, Class<T> type, int most) {
    Bounded bounded = new Bounded(body, most);
    try {
      T value = MAPPER.readValue(bounded, type);
      if (value == null) {
        throw invalid("the body must be a JSON object");
      }
      return value;
    } catch (IOException e) {
      throw bounded.refusal().orElseGet(() -> refused(e));
    }
  }

  private static RefusedException refused(IOException failed) {
    return switch (failed) {
      case UnrecognizedPropertyException e -> invalid("unknown field \"" + path(e) + "\"");
      case JsonMappingException e ->
          invalid(
              e.getPath().isEmpty()
                  ? "the body is not the expected JSON object"
                  : "field \"" + path(e) + "\" has the wrong type");
      default -> invalid("the body is not JSON");
    };
  }

  private static RefusedException invalid(String detail) {
    return new RefusedException(ErrorCode.INVALID_ARGUMENT, detail);
  }

  /**
   * A body up to its limit. Afterwards it has the reason that ended it, however the parser wraps
   * that.
   */
  private static final class Bounded extends FilterInputStream {
    private final int most;
    private int read;
    private @Nullable RefusedException refusal;

    Bounded(InputStream body, int most) {
      super(body);
      this.most = most;
    }

    Optional<RefusedException> refusal() {
      return Optional.ofNullable(refusal);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int got;
      try {
        got = super.read(into, offset, length);
      } catch (IOException e) {
        refusal = invalid("the body did not arrive completely");
        throw e;
      }
      read += Math.max(0, got);
      if (read > most) {
        refusal =
            new RefusedException(
                ErrorCode.TOO_MANY_BYTES, "this JSON body may have at most " + most + " bytes");
        throw new IOException("too many bytes");
      }
      return got;
    }
  }

  /**
   * @param code of the refusal if the text is not JSON
   */
  public static JsonNode tree(String json, ErrorCode code, String what) {
    try {
      JsonNode node = MAPPER.readTree(json);
      if (node == null || node.isMissingNode()) {
        throw new RefusedException(code, what + " is empty");
      }
      return node;
    } catch (JacksonException e) {
      throw new RefusedException(code, what + " is not JSON");
    }
  }

  private static String path(JsonMappingException e) {
    return e.getPath().stream()
        .map(JsonMappingException.Reference::getFieldName)
        .filter(name -> name != null)
        .collect(Collectors.joining("."));
  }
}
