package dev.lookalike.query.rest;

import dev.lookalike.query.search.Code;
import dev.lookalike.query.server.ErrorTable;
import jakarta.ws.rs.core.Response;
import java.util.Locale;

/**
 * An error as RFC 9457 says.
 *
 * @param type always "about:blank": the code tells problems apart
 * @param title the code in words
 * @param detail for the person who made the request
 * @param code stable
 */
public record Problem(String type, String title, int status, String detail, String code) {
  static final String MEDIA_TYPE = "application/problem+json";

  static Response response(Code code, String detail) {
    Response.ResponseBuilder response =
        Response.status(ErrorTable.http(code))
            .type(MEDIA_TYPE)
            .entity(of(code, ErrorTable.http(code), detail));
    if (code == Code.FULL) {
      response.header("Retry-After", "1");
    }
    return response.build();
  }

  public static Problem of(Code code, int status, String detail) {
    String words = code.name().replace('_', ' ').toLowerCase(Locale.ROOT);
    return new Problem(
        "about:blank",
        words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1),
        status,
        detail,
        code.name());
  }
}
