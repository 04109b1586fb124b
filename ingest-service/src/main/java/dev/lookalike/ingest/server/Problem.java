package dev.lookalike.ingest.server;

import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/**
 * What a caller over HTTP gets instead of an answer (RFC 9457).
 *
 * @param type names the code
 * @param title the same for each occurrence of the code
 * @param status HTTP status
 * @param detail what is wrong this time
 * @param code stable, see {@link ErrorCode}
 */
@Schema(description = "Why a request was not done (RFC 9457)")
public record Problem(
    @Schema(examples = "urn:lookalike:error:TRUNCATED") String type,
    @Schema(examples = "Truncated image") String title,
    @Schema(examples = "422") int status,
    @Schema(examples = "the data ends in row 312 of 480") String detail,
    @Schema(examples = "TRUNCATED", description = "stable; docs/contracts.md lists all")
        String code) {
  /** Media type of a problem. */
  public static final String MEDIA_TYPE = "application/problem+json";

  /** Seconds after which a service that is full, or misses another one, may be asked again. */
  static final int RETRY_AFTER_SECONDS = 1;

  public static Problem of(ErrorCode code, int status, String detail) {
    return new Problem("urn:lookalike:error:" + code, code.title(), status, detail, code.name());
  }

  static Response response(ErrorCode code, int status, String detail) {
    Response.ResponseBuilder response =
        Response.status(status)
            .type(MediaType.valueOf(MEDIA_TYPE))
            .entity(of(code, status, detail));
    if (code.retryable()) {
      response.header("Retry-After", RETRY_AFTER_SECONDS);
    }
    return response.build();
  }
}
