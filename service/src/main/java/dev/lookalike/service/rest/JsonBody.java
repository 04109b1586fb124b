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
import java.io.IOException;
import java.io.InputStream;
import java.util.stream.Collectors;

/** Reads JSON from clients, with a size limit and no unknown fields. */
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
    byte[] bytes;
    try {
      bytes = body.readNBytes(most + 1);
    } catch (IOException e) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "the body did not arrive completely");
    }
    if (bytes.length > most) {
      throw new RefusedException(
          ErrorCode.TOO_MANY_BYTES, "this JSON body may have at most " + most + " bytes");
    }
    try {
      T value = MAPPER.readValue(bytes, type);
      if (value == null) {
        throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "the body must be a JSON object");
      }
      return value;
    } catch (UnrecognizedPropertyException e) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "unknown field \"" + path(e) + "\"");
    } catch (JsonMappingException e) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT,
          e.getPath().isEmpty()
              ? "the body is not the expected JSON object"
              : "field \"" + path(e) + "\" has the wrong type");
    } catch (IOException e) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "the body is not JSON");
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
