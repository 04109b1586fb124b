package dev.lookalike.service.error;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Checks the table of codes against the published one. */
class ErrorCodeTest {
  private static final Pattern CODE = Pattern.compile("\\b[A-Z][A-Z_]{2,}\\b");

  @Test
  void everyCodeHasTheStatusThatIsPublished() throws Exception {
    Map<String, String> published = published();
    assertThat(published).hasSizeGreaterThan(25);
    for (ErrorCode code : ErrorCode.values()) {
      String grpc = code.grpc().name();
      assertThat(published)
          .as("docs/contracts.md")
          .containsEntry(code.name(), code.http() + " " + grpc);
    }
    assertThat(published.keySet())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(ErrorCode.values()).map(ErrorCode::name).toList());
  }

  @Test
  void whatMayBeTriedAgainSaysWhen() throws Exception {
    for (ErrorCode code : ErrorCode.values()) {
      com.google.rpc.Status status =
          StatusProto.fromThrowable(GrpcErrors.of(new RefusedException(code, "now")));
      if (code.retryable()) {
        assertThat(status.getDetails(1).unpack(RetryInfo.class).getRetryDelay().getSeconds())
            .as(code.name())
            .isEqualTo(1);
      } else {
        assertThat(status.getDetailsCount()).as(code.name()).isEqualTo(1);
      }
    }
  }

  @Test
  void theCodeOfAnotherServiceIsRead() {
    assertThat(GrpcErrors.codeOf(GrpcErrors.of(new RefusedException(ErrorCode.FULL, "full"))))
        .contains(ErrorCode.FULL);
    assertThat(GrpcErrors.codeOf(io.grpc.Status.UNAVAILABLE.asRuntimeException())).isEmpty();
  }

  @Test
  void aRefusalCarriesItsCodeInErrorInfo() throws Exception {
    com.google.rpc.Status status =
        StatusProto.fromThrowable(
            GrpcErrors.of(new RefusedException(ErrorCode.TRUNCATED, "cut off")));
    assertThat(status).isNotNull();
    assertThat(status.getCode()).isEqualTo(io.grpc.Status.Code.INVALID_ARGUMENT.value());
    ErrorInfo info = status.getDetails(0).unpack(ErrorInfo.class);
    assertThat(info.getDomain()).isEqualTo("lookalike");
    assertThat(info.getReason()).isEqualTo("TRUNCATED");
  }

  @Test
  void aFaultTellsNothingOfTheInside() {
    assertThat(GrpcErrors.of(new IllegalStateException("secret")).getMessage())
        .contains("INTERNAL")
        .doesNotContain("secret");
  }

  /** Code to "HTTP gRPC". */
  private static Map<String, String> published() throws Exception {
    String page = Files.readString(Path.of("../docs/contracts.md"));
    String errors = page.substring(page.indexOf("## Errors"));
    Map<String, String> table = new HashMap<>();
    for (String line : errors.lines().filter(l -> l.startsWith("| ")).toList()) {
      String[] cells = line.split("\\|", -1);
      if (cells.length < 5 || !cells[2].strip().matches("\\d{3}.*")) {
        continue;
      }
      String http = cells[2].strip().substring(0, 3);
      Matcher grpc = CODE.matcher(cells[3]);
      assertThat(grpc.find()).isTrue();
      Matcher codes = CODE.matcher(cells[1]);
      while (codes.find()) {
        Matcher own = Pattern.compile(codes.group() + ": ([A-Z_]+)").matcher(cells[3]);
        table.put(codes.group(), http + " " + (own.find() ? own.group(1) : grpc.group()));
      }
    }
    return table;
  }
}
