package dev.lookalike.ingest.uploads;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a form (RFC 7578) with the parts {@code image}, {@code attributes} and {@code label}. File
 * names and media types of parts are not looked at.
 */
final class Multipart {
  private static final Pattern BOUNDARY =
      Pattern.compile(
          ";\\s*boundary=(?:\"([^\"]{1,70})\"|([^;\\s\"]{1,70}))", Pattern.CASE_INSENSITIVE);
  private static final Pattern NAME =
      Pattern.compile(
          "^content-disposition:\\s*form-data\\s*;(?:[^\\r\\n]*;)?\\s*name=(?:\"([^\"\\r\\n]*)\"|([^;\\s\"]+))",
          Pattern.CASE_INSENSITIVE | Pattern.MULTILINE);
  private static final byte[] LINE = {'\r', '\n'};
  private static final byte[] END_OF_HEADERS = {'\r', '\n', '\r', '\n'};
  private static final int MAX_HEADER_BYTES = 8 << 10;
  private static final int MAX_TEXT_BYTES = 1 << 20;
  private static final int MAX_PARTS = 128;

  private Multipart() {}

  /** The boundary that a media type names; empty when it is no form. */
  static Optional<String> boundary(String mediaType) {
    if (!mediaType.regionMatches(true, 0, "multipart/form-data", 0, 19)) {
      return Optional.empty();
    }
    Matcher matcher = BOUNDARY.matcher(mediaType);
    if (!matcher.find()) {
      throw new RefusedException(
          ErrorCode.INVALID_ARGUMENT, "multipart/form-data without a boundary");
    }
    return Optional.of(matcher.group(1) != null ? matcher.group(1) : matcher.group(2));
  }

  /**
   * @throws RefusedException INVALID_ARGUMENT for what is no such form
   */
  static Upload read(Spool body, String boundary) {
    byte[] delimiter = ("--" + boundary).getBytes(US_ASCII);
    byte[] nextDelimiter = ("\r\n--" + boundary).getBytes(US_ASCII);
    byte @Nullable [] image = null;
    Optional<String> attributes = Optional.empty();
    List<String> labels = new ArrayList<>();
    long at = body.startsWith(0, delimiter) ? 0 : body.indexOf(nextDelimiter, 0) + LINE.length;
    if (at < LINE.length && at != 0) {
      throw malformed("no part");
    }
    at += delimiter.length;
    for (int part = 0; part < MAX_PARTS; part++) {
      if (body.startsWith(at, new byte[] {'-', '-'})) {
        if (image == null) {
          throw malformed("no part \"image\"");
        }
        return new Upload(image, attributes, labels);
      }
      if (!body.startsWith(at, LINE)) {
        throw malformed("a boundary is not followed by a line end");
      }
      long headersEnd = body.indexOf(END_OF_HEADERS, at);
      if (headersEnd < 0 || headersEnd - at > MAX_HEADER_BYTES) {
        throw malformed("the headers of a part do not end");
      }
      String headers = new String(body.bytes(at, headersEnd), ISO_8859_1).substring(LINE.length);
      long start = headersEnd + END_OF_HEADERS.length;
      // An empty part has its boundary in the very line after its headers.
      long end = body.indexOf(nextDelimiter, start);
      if (end < 0) {
        throw malformed("the last part does not end");
      }
      String name = name(headers);
      switch (name) {
        case "image" -> {
          if (image != null) {
            throw malformed("two parts \"image\"");
          }
          image = body.bytes(start, end);
        }
        case "attributes" -> attributes = Optional.of(text(body, start, end, name));
        case "label" -> labels.add(text(body, start, end, name));
        default -> throw malformed("unknown part \"" + printable(name) + "\"");
      }
      at = end + nextDelimiter.length;
    }
    throw malformed("too many parts");
  }

  private static String name(String headers) {
    Matcher matcher = NAME.matcher(headers);
    if (!matcher.find()) {
      throw malformed("a part without a name");
    }
    return matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
  }

  private static String text(Spool body, long start, long end, String name) {
    if (end - start > MAX_TEXT_BYTES) {
      throw malformed("part \"" + name + "\" is too long");
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(body.bytes(start, end)))
          .toString();
    } catch (CharacterCodingException e) {
      throw malformed("part \"" + name + "\" is not UTF-8");
    }
  }

  private static String printable(String name) {
    String kept = name.replaceAll("[^\\x20-\\x7e]", "?");
    return kept.length() > 64 ? kept.substring(0, 64) : kept;
  }

  private static RefusedException malformed(String what) {
    return new RefusedException(ErrorCode.INVALID_ARGUMENT, "multipart/form-data: " + what);
  }
}
