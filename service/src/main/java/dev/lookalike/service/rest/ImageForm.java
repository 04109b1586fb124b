package dev.lookalike.service.rest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.commons.fileupload2.core.FileUploadException;
import org.apache.commons.fileupload2.core.MultipartInput;
import org.apache.commons.fileupload2.core.ParameterParser;
import org.jspecify.annotations.Nullable;

/**
 * A form (RFC 7578) with one image in the part {@code image}, and text parts. Read as a stream: the
 * heap holds the image once. File names and media types of parts are ignored.
 *
 * @param image untrusted; owned by the holder of the record
 * @param texts the text parts by name, in the order of the form
 */
public record ImageForm(byte[] image, Map<String, List<String>> texts) {
  /** The name of the part that holds the image. */
  public static final String IMAGE = "image";

  /** Largest number of bytes of a text part. */
  private static final int MAX_TEXT_BYTES = 1 << 20;

  /** For all headers of a part together. */
  private static final int MAX_HEADER_BYTES = 8 << 10;

  private static final int MAX_PARTS = 128;

  /** Longest boundary, by RFC 2046. */
  private static final int MAX_BOUNDARY = 70;

  private static final int BUFFER = 16 << 10;
  private static final String MEDIA_TYPE = "multipart/form-data";

  public ImageForm {
    Map<String, List<String>> copy = new HashMap<>();
    texts.forEach((name, values) -> copy.put(name, List.copyOf(values)));
    texts = Map.copyOf(copy);
  }

  /** The texts with this name; empty if the form has no such part. */
  public List<String> texts(String name) {
    return texts.getOrDefault(name, List.of());
  }

  /**
   * The boundary in a media type; empty if it is not a form.
   *
   * @param mediaType the value of Content-Type; may be empty
   * @throws RefusedException INVALID_ARGUMENT for a form without a boundary
   */
  public static Optional<String> boundary(String mediaType) {
    if (!mediaType.regionMatches(true, 0, MEDIA_TYPE, 0, MEDIA_TYPE.length())) {
      return Optional.empty();
    }
    String boundary = parameters(mediaType).get("boundary");
    if (boundary == null || boundary.isEmpty() || boundary.length() > MAX_BOUNDARY) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, MEDIA_TYPE + " without a boundary");
    }
    return Optional.of(boundary);
  }

  /**
   * Reads a form to its end.
   *
   * @param body untrusted; the caller limits its length and time
   * @param textNames the parts allowed besides the image
   * @param maxImageBytes largest number of bytes of the image
   * @throws RefusedException INVALID_ARGUMENT for a malformed form, TOO_MANY_BYTES, EMPTY
   */
  public static ImageForm read(
      InputStream body, String boundary, Set<String> textNames, long maxImageBytes) {
    try {
      ImageForm form = parts(body, boundary, textNames, maxImageBytes);
      // Bytes after the last boundary mean nothing, but belong to the body.
      body.transferTo(OutputStream.nullOutputStream());
      return form;
    } catch (FileUploadException e) {
      throw malformed("a part does not end, or its headers are too long");
    } catch (IOException e) {
      throw ImageBody.cutOff();
    }
  }

  private static ImageForm parts(
      InputStream body, String boundary, Set<String> textNames, long maxImageBytes)
      throws IOException {
    MultipartInput input =
        MultipartInput.builder()
            .setInputStream(body)
            .setBoundary(boundary.getBytes(ISO_8859_1))
            .setBufferSize(BUFFER)
            .setMaxPartHeaderSize(MAX_HEADER_BYTES)
            .get();
    byte @Nullable [] image = null;
    Map<String, List<String>> texts = new HashMap<>();
    int parts = 0;
    for (boolean more = input.skipPreamble(); more; more = input.readBoundary()) {
      if (++parts > MAX_PARTS) {
        throw malformed("more than " + MAX_PARTS + " parts");
      }
      String name = name(input.readHeaders());
      if (name.equals(IMAGE)) {
        if (image != null) {
          throw malformed("two parts \"image\"");
        }
        image = image(input, maxImageBytes);
      } else if (textNames.contains(name)) {
        texts.computeIfAbsent(name, first -> new ArrayList<>()).add(text(input, name));
      } else {
        throw malformed("unknown part \"" + printable(name) + "\"");
      }
    }
    if (image == null) {
      throw malformed("no part \"image\"");
    }
    return new ImageForm(image, texts);
  }

  private static byte[] image(MultipartInput input, long maxImageBytes) throws IOException {
    try (Spool spool = new Spool();
        InputStream part = input.newInputStream()) {
      return ImageBody.whole(part, spool, maxImageBytes);
    }
  }

  private static String text(MultipartInput input, String name) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try (InputStream part = input.newInputStream()) {
      text.writeBytes(part.readNBytes(MAX_TEXT_BYTES + 1));
    }
    if (text.size() > MAX_TEXT_BYTES) {
      throw malformed("part \"" + name + "\" has more than " + MAX_TEXT_BYTES + " bytes");
    }
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(text.toByteArray())).toString();
    } catch (CharacterCodingException e) {
      throw malformed("part \"" + name + "\" is not UTF-8");
    }
  }

  private static String name(String headers) {
    for (String line : headers.split("\r\n")) {
      int colon = line.indexOf(':');
      if (colon > 0 && line.substring(0, colon).strip().equalsIgnoreCase("Content-Disposition")) {
        Map<String, String> parameters = parameters(line.substring(colon + 1));
        String name = parameters.get("name");
        if (parameters.containsKey("form-data") && name != null) {
          return name;
        }
      }
    }
    throw malformed("a part without a name");
  }

  /** The parameters of a header value; its first word is a parameter without a value. */
  private static Map<String, String> parameters(String value) {
    ParameterParser parser = new ParameterParser();
    parser.setLowerCaseNames(true);
    return parser.parse(value, ';');
  }

  private static String printable(String name) {
    String kept = name.replaceAll("[^\\x20-\\x7e]", "?");
    return kept.length() > 64 ? kept.substring(0, 64) : kept;
  }

  private static RefusedException malformed(String what) {
    return new RefusedException(ErrorCode.INVALID_ARGUMENT, MEDIA_TYPE + ": " + what);
  }
}
