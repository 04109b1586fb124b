package dev.lookalike.query.edge;

import dev.lookalike.edge.Refusal;
import dev.lookalike.edge.Wording;
import dev.lookalike.query.search.Code;
import dev.lookalike.query.server.ErrorTable;
import io.grpc.StatusRuntimeException;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;

/** Refusals of the edge, by the error table of this service. */
@Singleton
public class EdgeWording implements Wording {

  @Override
  public Problem problem(Refusal refusal, String detail) {
    Code code = Code.valueOf(refusal.name());
    dev.lookalike.query.rest.Problem problem =
        dev.lookalike.query.rest.Problem.of(code, ErrorTable.http(code), detail);
    return new Problem(
        problem.status(),
        new JsonObject()
            .put("type", problem.type())
            .put("title", problem.title())
            .put("status", problem.status())
            .put("detail", problem.detail())
            .put("code", problem.code())
            .encode());
  }

  @Override
  public StatusRuntimeException status(Refusal refusal, String detail) {
    return ErrorTable.status(Code.valueOf(refusal.name()), detail);
  }
}
