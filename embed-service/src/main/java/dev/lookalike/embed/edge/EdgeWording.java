package dev.lookalike.embed.edge;

import dev.lookalike.edge.Refusal;
import dev.lookalike.edge.Wording;
import dev.lookalike.embed.server.ErrorCode;
import dev.lookalike.embed.server.GrpcErrors;
import dev.lookalike.embed.server.RefusedException;
import io.grpc.StatusRuntimeException;
import io.vertx.core.json.JsonObject;
import jakarta.inject.Singleton;

/** Refusals of the edge, by the error table of this service. */
@Singleton
public class EdgeWording implements Wording {

  @Override
  public Problem problem(Refusal refusal, String detail) {
    ErrorCode code = ErrorCode.valueOf(refusal.name());
    dev.lookalike.embed.server.Problem problem =
        dev.lookalike.embed.server.Problem.of(code, code.http(), detail);
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
    return GrpcErrors.of(new RefusedException(ErrorCode.valueOf(refusal.name()), detail));
  }
}
