package dev.lookalike.query.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.metrics.QueryMetrics.RequestEnd;
import dev.lookalike.query.search.Code;
import dev.lookalike.query.search.RefusedException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Whatever ends a request, as a problem. No stack trace leaves the process. */
public class ProblemMappers {
  private static final Logger LOG = Logger.getLogger(ProblemMappers.class);

  private final QueryMetrics metrics;

  ProblemMappers(QueryMetrics metrics) {
    this.metrics = metrics;
  }

  @ServerExceptionMapper
  Response refused(RefusedException e) {
    metrics.ended(e.code() == Code.FULL ? RequestEnd.FULL : RequestEnd.REFUSED);
    return Problem.response(e.code(), e.publicMessage());
  }

  @ServerExceptionMapper
  Response mismatched(MismatchedInputException e) {
    return json(e);
  }

  @ServerExceptionMapper
  Response json(JsonProcessingException e) {
    metrics.ended(RequestEnd.REFUSED);
    String where =
        e instanceof JsonMappingException mapping
            ? mapping.getPath().stream()
                .map(
                    reference ->
                        reference.getFieldName() == null
                            ? "[" + reference.getIndex() + "]"
                            : reference.getFieldName())
                .collect(Collectors.joining("."))
            : "";
    String what = e.getOriginalMessage();
    // The first line: what follows names classes of ours.
    String detail = what == null ? "it cannot be read" : what.lines().findFirst().orElse("");
    return Problem.response(
        Code.INVALID_ARGUMENT,
        "The JSON body cannot be used"
            + (where.isEmpty() ? "" : " at " + where)
            + ": "
            + detail.replaceAll("\\(class [^)]*\\)|`[^`]*`", "").strip());
  }

  /** Unknown path, method or media type: the status of HTTP says it. */
  @ServerExceptionMapper
  Response web(WebApplicationException e) {
    if (e.getCause() instanceof JsonProcessingException json) {
      return json(json);
    }
    int status = e.getResponse().getStatus();
    if (status >= 500) {
      return failed(e);
    }
    metrics.ended(RequestEnd.REFUSED);
    Code code = status == 413 ? Code.TOO_MANY_BYTES : Code.INVALID_ARGUMENT;
    String detail =
        switch (status) {
          case 404 -> "There is nothing at this path.";
          case 405 -> "The path does not take this method.";
          case 406, 415 -> "The path does not speak this media type.";
          case 413 -> "The body is too large.";
          default -> "The request cannot be understood.";
        };
    return Response.status(status)
        .type(Problem.MEDIA_TYPE)
        .entity(Problem.of(code, status, detail))
        .build();
  }

  @ServerExceptionMapper
  Response failed(Throwable e) {
    metrics.ended(RequestEnd.FAILED);
    LOG.error("a request has failed", e);
    return Problem.response(Code.INTERNAL, "The request has failed; the log says why.");
  }
}
