package dev.lookalike.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.Ports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DistributionTest {

  private static final String VECTOR_API = "--add-modules=jdk.incubator.vector";

  @TempDir Path root;

  @BeforeEach
  void makeFolders() throws Exception {
    Files.createDirectories(root.resolve("broker/target/lib"));
    for (String service : List.of("ingest", "embed", "query")) {
      Path app = root.resolve(service + "-service/target/quarkus-app");
      for (String folder : List.of("app", "lib/boot", "lib/main")) {
        Files.createDirectories(app.resolve(folder));
      }
    }
  }

  private Map<String, List<String>> commands(boolean train) {
    return new Distribution(root)
            .children(
                new Home(root.resolve("home")),
                Ports.of(20_000, Map.of()),
                List.of(),
                Optional.empty(),
                train)
            .stream()
            .collect(Collectors.toMap(ChildSpec::name, ChildSpec::command));
  }

  /** The JVM would ignore a cache made without the module. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void onlyTheQueryServiceHasTheVectorApi(boolean train) {
    Map<String, List<String>> commands = commands(train);
    assertThat(commands).hasSize(4);
    commands.forEach(
        (name, command) ->
            assertThat(command.contains(VECTOR_API)).as(name).isEqualTo(name.equals("query")));
  }
}
