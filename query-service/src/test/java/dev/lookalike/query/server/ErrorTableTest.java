package dev.lookalike.query.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.query.search.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The table of the service is that of docs/contracts.md. */
class ErrorTableTest {
  private static final Pattern ROW =
      Pattern.compile("\\| ([^|]+) \\| (\\d{3})[^|]* \\| ([A-Z_]+)[^|]* \\| ([^|]+) \\|");
  private static final Pattern CODE = Pattern.compile("[A-Z][A-Z_]+");

  private record Statuses(int http, String grpc) {}

  @Test
  void isThePublishedOne() throws IOException {
    Map<String, Statuses> published = new HashMap<>();
    Set<String> ofAllAndQuery = new HashSet<>();
    for (String line : Files.readAllLines(Path.of("../docs/contracts.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        Matcher code = CODE.matcher(row.group(1));
        while (code.find()) {
          published.put(code.group(), new Statuses(Integer.parseInt(row.group(2)), row.group(3)));
          if (row.group(4).matches(".*(all|query|image bytes).*")) {
            ofAllAndQuery.add(code.group());
          }
        }
      }
    }
    for (Code code : Code.values()) {
      assertThat(new Statuses(ErrorTable.http(code), ErrorTable.grpc(code).name()))
          .as(code.name())
          .isEqualTo(published.get(code.name()));
    }
    // These two belong to what ingest-service alone takes in and gives out.
    ofAllAndQuery.removeAll(Set.of("INVALID_ATTRIBUTE", "CONTENT_NOT_FOUND"));
    assertThat(Arrays.stream(Code.values()).map(Enum::name)).containsAll(ofAllAndQuery);
  }
}
