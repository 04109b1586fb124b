package dev.lookalike.embed.server;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Turns what a route throws into problem+json. Nothing of the inside leaves the process. */
@ApplicationScoped
public class HttpErrors {
  private static final Logger LOG = Logger.getLogger(HttpErrors.class);

  @ServerExceptionMapper
  public Response refused(RefusedException e) {
    return Problem.response(e.code(), e.code().http(), e.detail());
  }

  /** What the HTTP layer itself refuses: no such path, method or media type. */
  @ServerExceptionMapper
  public Response http(WebApplicationException e) {
    int status = e.getResponse().getStatus();
    if (status < 400) {
      return e.getResponse();
    }
    if (status >= 500) {
      LOG.error("a request failed", e);
      return Problem.response(ErrorCode.INTERNAL, status, "see the log of the service");
    }
    Response.StatusType said = Response.Status.fromStatusCode(status);
    return Problem.response(
        ErrorCode.INVALID_ARGUMENT, status, said == null ? "refused" : said.getReasonPhrase());
  }

  @ServerExceptionMapper
  public Response fault(Throwable e) {
    LOG.error("a request failed", e);
    return Problem.response(
        ErrorCode.INTERNAL, ErrorCode.INTERNAL.http(), "see the log of the service");
  }
}
