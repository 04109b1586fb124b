package dev.lookalike.service.error;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Turns exceptions of HTTP requests into problem+json. */
@ApplicationScoped
public class HttpErrors {

  @ServerExceptionMapper
  public Response refused(RefusedException e) {
    return Problem.response(e);
  }

  /** Refusals of the HTTP layer itself: no such path, method or media type. */
  @ServerExceptionMapper
  public Response http(WebApplicationException e) {
    return switch (e.getResponse().getStatus()) {
      case 404 -> refused(ErrorCode.PATH_NOT_FOUND, "there is nothing at this path");
      case 405 -> refused(ErrorCode.METHOD_NOT_ALLOWED, "the path does not allow this method");
      case 406 ->
          refused(ErrorCode.NOT_ACCEPTABLE, "the path cannot answer in an accepted media type");
      case 413 -> refused(ErrorCode.TOO_MANY_BYTES, "the body is too large");
      case 415 ->
          refused(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "the path does not accept this media type");
      default ->
          e.getResponse().getStatus() < 400
              ? e.getResponse()
              : e.getResponse().getStatus() < 500
                  ? refused(ErrorCode.INVALID_ARGUMENT, "the request cannot be understood")
                  : fault(e);
    };
  }

  @ServerExceptionMapper
  public Response fault(Throwable e) {
    return Problem.response(Refusals.of(e));
  }

  private static Response refused(ErrorCode code, String detail) {
    return Problem.response(new RefusedException(code, detail));
  }
}
