package dev.lookalike.service.error;

import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * The error response over HTTP (RFC 9457).
 *
 * @param type names the code
 * @param title the same for each occurrence of the code
 * @param status HTTP status
 * @param detail what is wrong this time
 * @param code stable, see {@link ErrorCode}
 */
@Schema(description = "Why a request failed (RFC 9457)")
public record Problem(
    @Schema(examples = "urn:lookalike:error:TRUNCATED") String type,
    @Schema(examples = "Truncated image") String title,
    @Schema(examples = "422") int status,
    @Schema(examples = "the data ends in row 312 of 480") String detail,
    @Schema(examples = "TRUNCATED", description = "stable; docs/contracts.md lists all")
        String code) {

  /** Media type of a problem. */
  public static final String MEDIA_TYPE = "application/problem+json";

  /** Seconds after which a retryable request should be sent again. */
  static final int RETRY_AFTER_SECONDS = 1;

  private static final String RETRY_AFTER = HttpHeaders.RETRY_AFTER;
  private static final String CHALLENGE = "Bearer realm=\"lookalike\"";

  static Problem of(RefusedException refused) {
    ErrorCode code = refused.code();
    return new Problem(
        "urn:lookalike:error:" + code, code.title(), code.http(), refused.detail(), code.name());
  }

  /** The response of a resource. */
  public static Response response(RefusedException refused) {
    Response.ResponseBuilder response =
        Response.status(refused.code().http()).type(MEDIA_TYPE).entity(of(refused));
    if (refused.code().retryable()) {
      response.header(RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    if (refused.code() == ErrorCode.UNAUTHENTICATED) {
      response.header(HttpHeaders.WWW_AUTHENTICATE, CHALLENGE);
    }
    return response.build();
  }

  /** Sends the same response before any resource is called. */
  public static void send(HttpServerResponse response, RefusedException refused) {
    Problem problem = of(refused);
    response.setStatusCode(problem.status()).putHeader(HttpHeaders.CONTENT_TYPE, MEDIA_TYPE);
    if (refused.code().retryable()) {
      response.putHeader(RETRY_AFTER, String.valueOf(RETRY_AFTER_SECONDS));
    }
    if (refused.code() == ErrorCode.UNAUTHENTICATED) {
      response.putHeader(HttpHeaders.WWW_AUTHENTICATE, CHALLENGE);
    }
    var unused =
        response.end(
            new JsonObject()
                .put("type", problem.type())
                .put("title", problem.title())
                .put("status", problem.status())
                .put("detail", problem.detail())
                .put("code", problem.code())
                .encode());
  }
}
