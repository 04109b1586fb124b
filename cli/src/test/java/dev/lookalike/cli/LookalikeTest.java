package dev.lookalike.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.terminal.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class LookalikeTest {

  private final FakeServices services = new FakeServices();
  @TempDir Path directory;

  record Run(int exit, String out, String err) {}

  @AfterEach
  void stop() {
    services.close();
  }

  private Run run(String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
      int exit = Lookalike.commandLine().execute(arguments);
      return new Run(
          exit,
          outBytes.toString(StandardCharsets.UTF_8),
          errBytes.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private Run runWithServices(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    String address = services.address().toString();
    all.addAll(List.of("--ingest-url", address, "--query-url", address));
    all.addAll(List.of("--home", directory.resolve("home").toString()));
    return run(all.toArray(String[]::new));
  }

  private Path photo(String content) throws IOException {
    return Files.writeString(directory.resolve("photo.jpg"), content);
  }

  @Test
  void everyCommandExplainsItself() {
    explain(Lookalike.commandLine(), List.of());
    assertThat(run("--help").out()).contains("Exit codes:", "A first search:");
  }

  private void explain(CommandLine command, List<String> path) {
    command
        .getSubcommands()
        .forEach(
            (name, subcommand) -> {
              List<String> line = new ArrayList<>(path);
              line.add(subcommand.getCommandName());
              if (!name.equals("help")) {
                explain(subcommand, line);
                line.add("--help");
                Run help = run(line.toArray(String[]::new));
                line.removeLast();
                String words = String.join(" ", line);
                assertThat(help.exit()).as(words).isZero();
                assertThat(help.out()).as(words).startsWith("Usage: lookalike " + words);
                assertThat(help.err()).as(words).isEmpty();
              }
            });
  }

  @Test
  void aWrongCommandLineIsOneLineAndExitCodeTwo() {
    for (List<String> wrong :
        List.of(
            List.of("search"),
            List.of("nonsense"),
            List.of("import", "/no/such/folder"),
            List.of("search", "/no/such/photo.jpg"),
            List.of("put", "x.jpg", "--attribute", "price:number=cheap"),
            List.of("up", "--home", directory + "/up", "--model", "/no/such/model"),
            List.of("up", "--home", directory + "/up", "--port", "nothing=1"),
            List.of("evaluate"),
            List.of("evaluate", "/no/such/folder"),
            List.of("evaluate", directory.toString(), "--queries", directory.toString()),
            List.of("evaluate", "--gallery", directory.toString()),
            List.of("evaluate", directory.toString(), "--precision", "0"),
            List.of("evaluate", directory.toString(), "--precision", "0.9,nan"))) {
      Run run = run(wrong.toArray(String[]::new));
      assertThat(run.exit()).as(wrong.toString()).isEqualTo(2);
      assertThat(run.err()).startsWith("lookalike: ").hasLineCount(1).doesNotContain("\tat ");
      assertThat(run.out()).isEmpty();
    }
  }

  @Test
  void nothingRunningIsExitCodeThree() throws IOException {
    Run run = run("search", photo("image").toString(), "--home", directory + "/nowhere");
    assertThat(run.exit()).isEqualTo(3);
    assertThat(run.err()).contains("NOT_RUNNING", "lookalike up");
    services.close();
    Run away = runWithServices("list");
    assertThat(away.exit()).isEqualTo(3);
    assertThat(away.err()).contains("NOT_REACHABLE").hasLineCount(1);
  }

  @Test
  void refusalsKeepTheirCode() throws IOException {
    Run absent = runWithServices("list", "--collection", "absent");
    assertThat(absent.exit()).isEqualTo(4);
    assertThat(absent.err()).isEqualTo("lookalike: COLLECTION_NOT_FOUND: no collection absent\n");
    Run refused = runWithServices("put", photo("text").toString());
    assertThat(refused.exit()).isEqualTo(5);
    assertThat(refused.err()).contains("UNKNOWN_FORMAT");
  }

  @Test
  void aKeyIsShownOnceAndKeptAsAHash() throws IOException {
    String home = directory.resolve("keys").toString();
    assertThat(run("key", "list", "--home", home).err()).contains("no keys");
    Run created =
        run("key", "create", "--role", "writer", "-c", "shop", "--expires", "90d", "--home", home);
    assertThat(created.exit()).isZero();
    String key = created.out().strip();
    assertThat(key).matches("lk_[a-z2-7]{12}_[a-z2-7]{52}");
    assertThat(created.err()).contains("writer in shop").doesNotContain(key);

    Path file = directory.resolve("keys/access/keys.json");
    assertThat(Files.readString(file)).doesNotContain(key.substring(16));
    for (String secret : List.of("keys.json", "admin.key", "service.key")) {
      assertThat(Files.getPosixFilePermissions(file.resolveSibling(secret))).as(secret).hasSize(2);
    }
    Run list = run("key", "list", "--home", home, "--json");
    assertThat(Json.parse(list.out()).path("keys").findValuesAsText("role"))
        .containsExactlyInAnyOrder("admin", "reader", "writer");

    String id = key.substring(3, 15);
    assertThat(run("key", "revoke", id, "--home", home).exit()).isZero();
    assertThat(run("key", "revoke", id, "--home", home).exit()).isEqualTo(4);
    // A revoked key of the home itself is replaced.
    String own = Files.readString(file.resolveSibling("admin.key"));
    assertThat(run("key", "revoke", own.substring(3, 15), "--home", home).exit()).isZero();
    assertThat(Files.readString(file.resolveSibling("admin.key"))).isNotEqualTo(own);
    assertThat(Json.parse(run("key", "list", "--home", home, "--json").out()).path("keys"))
        .hasSize(2);
    for (List<String> wrong :
        List.of(
            List.of("--role", "owner", "-c", "shop"),
            List.of("--role", "reader", "-c", "Shop"),
            List.of("--role", "reader", "-c", "shop", "--expires", "yesterday"))) {
      List<String> command = new ArrayList<>(List.of("key", "create", "--home", home));
      command.addAll(wrong);
      assertThat(run(command.toArray(String[]::new)).exit()).as(wrong.toString()).isEqualTo(2);
    }
  }

  @Test
  void aGivenKeyIsShownAndTheHomesOwnGoesNowhereElse() throws IOException {
    run("key", "create", "--role", "reader", "-c", "x", "--home", directory + "/home");
    assertThat(runWithServices("list").exit()).isZero();
    assertThat(services.authorizations).isNotEmpty().containsOnly("");
    services.authorizations.clear();

    String file = directory.resolve("key").toString();
    Run made =
        run("key", "create", "--role", "reader", "-c", "x", "--file", directory + "/keys.json");
    Files.writeString(Path.of(file), made.out());
    assertThat(runWithServices("list", "--key-file", file).exit()).isZero();
    assertThat(services.authorizations).isNotEmpty().containsOnly("Bearer " + made.out().strip());

    Files.writeString(Path.of(file), "secret words");
    Run none = runWithServices("list", "--key-file", file);
    assertThat(none.exit()).isEqualTo(2);
    assertThat(none.err()).contains("NO_KEY").doesNotContain("secret words");
  }

  @Test
  void searchPrintsATableJsonAndAPage() throws IOException {
    String photo = photo("image").toString();
    Run table =
        runWithServices("search", photo, "-k", "3", "--filter", "attributes.price < 10.0 && true");
    assertThat(table.exit()).isZero();
    assertThat(table.out())
        .contains("similarity", "0.9877", "a/b.jpg", "i1")
        .doesNotContain("\u001b");
    assertThat(services.requests)
        .contains(
            "POST /v1/collections/default/search?k=3"
                + "&filter=attributes.price%20%3C%2010.0%20%26%26%20true");

    JsonNode json = Json.parse(runWithServices("search", photo, "--json").out());
    assertThat(json.path("hits").path(0).path("similarity").asDouble()).isEqualTo(0.98765);

    Path page = directory.resolve("page.html");
    assertThat(runWithServices("search", photo, "--html", page.toString()).exit()).isZero();
    assertThat(Files.readString(page))
        .contains("data:image/jpeg;base64,SlBFRw==", "a/b.jpg", "&lt;b&gt;shirt&lt;/b&gt;")
        .doesNotContain("<b>shirt", "http://");
  }

  @Test
  void putSendsTypedAttributesAndLabelsAndTellsTheOutcome() throws IOException {
    Run put =
        runWithServices(
            "put",
            photo("image-bad").toString(),
            "--id",
            "a/b",
            "-a",
            "price:number=9.5",
            "-a",
            "name=Grün",
            "-a",
            "sizes:list=s;m",
            "-a",
            "new:boolean=yes",
            "-a",
            "at:time=2026-01-31",
            "--label",
            "a b",
            "--no-wait",
            "--json");
    assertThat(put.exit()).isZero();
    FakeServices.Accepted upload = services.accepted.getFirst();
    assertThat(services.requests.getFirst())
        .isEqualTo("PUT /v1/collections/default/images/a%2Fb?label=a%20b");
    assertThat(Json.parse(upload.attributes()))
        .isEqualTo(
            Json.parse(
                """
                {"price":9.5,"name":"Grün","sizes":["s","m"],"new":true,
                 "at":{"time":"2026-01-31T00:00:00Z"}}"""));
    assertThat(upload.attributes()).isASCII();
  }

  @Test
  void manyAttributesTravelAsMultipart() throws IOException {
    Run put =
        runWithServices(
            "put", photo("image").toString(), "-a", "text=" + "x".repeat(5_000), "--no-wait");
    assertThat(put.exit()).isZero();
    FakeServices.Accepted upload = services.accepted.getFirst();
    assertThat(upload.attributes()).isEmpty();
    assertThat(upload.body()).contains("name=\"attributes\"", "name=\"image\"", "x".repeat(5_000));
  }

  @Test
  void exportFollowsTheCursor() throws IOException {
    Path file = directory.resolve("all.jsonl");
    Run export = runWithServices("export", "-o", file.toString());
    assertThat(export.exit()).isZero();
    assertThat(Files.readString(file)).isEqualTo("{\"image_id\":\"i1\"}\n{\"image_id\":\"i2\"}\n");
    assertThat(runWithServices("export").out()).hasLineCount(2);
    assertThat(runWithServices("list", "--limit", "1", "--json").out())
        .isEqualTo("{\"images\":[{\"image_id\":\"i1\"}]}\n");
  }

  @Test
  void deletingByFilterNeedsAYes() {
    Run counted = runWithServices("delete", "--filter", "true");
    assertThat(counted.exit()).isEqualTo(2);
    assertThat(counted.err()).contains("7 images match", "--yes");
    assertThat(services.requests).noneMatch(r -> r.contains(":delete"));
  }

  @Test
  void deletingACollectionNeedsAYes() {
    Run asked = runWithServices("collection", "delete", "shop");
    assertThat(asked.exit()).isEqualTo(2);
    assertThat(asked.err()).contains("NOT_CONFIRMED", "12 images", "--yes");
    assertThat(services.requests).noneMatch(r -> r.startsWith("DELETE"));
    assertThat(runWithServices("collection", "delete", "shop", "--yes").exit()).isZero();
    assertThat(services.requests).contains("DELETE /v1/collections/shop");
    assertThat(runWithServices("collection", "show", "shop").out())
        .contains("searchable  7", "none yet");
    assertThat(runWithServices("collection", "rename", "shop", "depot").out())
        .isEqualTo("shop is now called depot\n");
    assertThat(services.requests).contains("PATCH /v1/collections/shop");
    Run absent = runWithServices("collection", "delete", "absent", "--yes");
    assertThat(absent.exit()).isEqualTo(4);
  }

  @Test
  void modelsAreAddedAndShownWhileNothingRuns() throws IOException {
    Path folder = Files.createDirectories(directory.resolve("My Model"));
    String home = directory.resolve("home").toString();
    Run lacking = run("model", "add", folder.toString(), "--home", home);
    assertThat(lacking.exit()).isEqualTo(2);
    assertThat(lacking.err()).contains("MODEL_MISSING", "optimum-cli export onnx");
    Files.writeString(folder.resolve("model.onnx"), "graph");
    Files.writeString(folder.resolve("model.safetensors"), "weights of another runtime");
    assertThat(run("model", "add", folder.toString(), "--home", home).err())
        .contains("preprocessor_config.json");
    Files.writeString(folder.resolve("preprocessor_config.json"), "{}");
    Run added = run("model", "add", folder.toString(), "--home", home, "--json");
    assertThat(added.exit()).as(added.err()).isZero();
    Path there = directory.resolve("home/models/my-model");
    assertThat(Json.parse(added.out()).path("folder").asText()).isEqualTo(there.toString());
    assertThat(Json.parse(added.out()).path("state").asText()).isEqualTo("not running");
    assertThat(there.resolve("model.onnx")).hasContent("graph");
    assertThat(there.resolve("model.safetensors")).doesNotExist();
    Run again = run("model", "add", folder.toString(), "--home", home);
    assertThat(again.exit()).isEqualTo(5);
    assertThat(again.err()).contains("MODEL_EXISTS", "--name");
    assertThat(run("model", "list", "--home", home).out()).contains("my-model");
    assertThat(run("model", "show", "my-model", "--home", home).out()).contains("model.onnx");
    assertThat(run("model", "show", "other", "--home", home).exit()).isEqualTo(4);
  }

  @Test
  void importUploadsOnceCountsAndResumes() throws IOException {
    Path folder = Files.createDirectories(directory.resolve("photos/red"));
    Files.writeString(folder.resolve("a.jpg"), "image a");
    Files.writeString(folder.resolve("same.jpg"), "image a");
    Files.writeString(folder.resolve("bad.jpg"), "image-bad");
    Files.writeString(folder.resolve("b.txt"), "text");
    Files.writeString(folder.resolve(".hidden"), "image h");
    Files.writeString(
        directory.resolve("t.csv"), "file,price:number,label\na.jpg,7,shirt\nno.jpg,1,\n");
    services.full.set(1);
    String[] command = {
      "import", directory.resolve("photos").toString(), "--json", "--label-from-folder",
      "--attributes", directory.resolve("t.csv").toString(), "--concurrency", "1"
    };
    Run first = runWithServices(command);
    assertThat(first.exit()).isZero();
    assertThat(first.err()).contains("1 of 2 rows");
    JsonNode summary = Json.parse(first.out());
    assertThat(summary.path("files").asInt()).isEqualTo(4);
    assertThat(summary.path("uploaded").asInt()).isEqualTo(2);
    assertThat(summary.path("searchable").asInt()).isEqualTo(1);
    assertThat(summary.path("duplicate").asInt()).isEqualTo(1);
    assertThat(summary.path("skipped").asInt()).isEqualTo(1);
    assertThat(Json.line(summary.path("rejected")))
        .isEqualTo("{\"EMBEDDING_ZERO\":1,\"UNKNOWN_FORMAT\":1}");
    assertThat(services.accepted.getFirst().query()).isEqualTo("label=shirt&label=red");
    assertThat(Json.parse(services.accepted.getFirst().attributes()))
        .isEqualTo(Json.parse("{\"file\":\"red/a.jpg\",\"price\":7.0}"));

    Files.writeString(folder.resolve("c.jpg"), "image c");
    JsonNode again = Json.parse(runWithServices(command).out());
    assertThat(again.path("uploaded").asInt()).isEqualTo(1);
    assertThat(again.path("resumed").asInt()).isEqualTo(4);
    assertThat(again.path("searchable").asInt()).isEqualTo(2);
    assertThat(again.path("pending").asInt()).isZero();
    assertThat(services.accepted).hasSize(3);
  }

  @Test
  void importOutlivesAnOutageAndGivesUpAfterItsPatience() throws IOException {
    Path folder = Files.createDirectories(directory.resolve("photos"));
    for (int i = 0; i < 20; i++) {
      Files.writeString(folder.resolve(i + ".jpg"), "image " + i);
    }
    services.accepted.clear();
    Run through = runWithServices("import", folder.toString(), "--json", "--patience", "60");
    assertThat(Json.parse(through.out()).path("searchable").asInt()).isEqualTo(20);

    Files.writeString(folder.resolve("new.jpg"), "image new");
    Run outage = runWithOutage(3, folder, "60");
    assertThat(outage.exit()).isZero();
    assertThat(Json.parse(outage.out()).path("uploaded").asInt()).isEqualTo(1);

    Files.writeString(folder.resolve("newer.jpg"), "image newer");
    Run givenUp = runWithOutage(1_000, folder, "1");
    assertThat(givenUp.exit()).isEqualTo(3);
    assertThat(givenUp.err()).contains("BROKER_UNAVAILABLE", "again to continue");
  }

  private Run runWithOutage(int requests, Path folder, String patience) {
    services.outage.set(requests);
    return runWithServices("import", folder.toString(), "--json", "--patience", patience);
  }
}
