package dev.lookalike.cli.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.cli.terminal.CommandFailure;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PullTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final FakeHub hub = new FakeHub();
  private final byte[] graph = new byte[5000];
  @TempDir Path directory;

  @BeforeEach
  void fill() {
    new Random(1).nextBytes(graph);
    hub.files.put("onnx/model.onnx", graph);
    hub.files.put("preprocessor_config.json", "{}".getBytes(StandardCharsets.UTF_8));
    hub.files.put("config.json", "{\"a\": 1}".getBytes(StandardCharsets.UTF_8));
    hub.files.put("pytorch_model.bin", new byte[9000]);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  private Pull.Pulled pull(Optional<String> variant, Optional<String> file) throws IOException {
    return pull("owner/model", variant, file);
  }

  private Pull.Pulled pull(String repo, Optional<String> variant, Optional<String> file)
      throws IOException {
    Hub source =
        new Hub(hub.address(), Optional.of("secret"), HubProxy.NONE, TIMEOUT, Duration.ofMillis(1));
    return new Pull(source, hub.address().toString(), new ModelFolders(directory), line -> {})
        .pull(new Pull.Wanted(repo, "main", "model", variant, file));
  }

  private Pull.Pulled pull() throws IOException {
    return pull(Optional.empty(), Optional.empty());
  }

  private static void refused(ThrowingCallable call, String code, String... words) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            CommandFailure.class, failure -> assertThat(failure.code()).isEqualTo(code))
        .hasMessageContainingAll(words);
  }

  @Test
  void whatIsPulledIsWholePinnedAndHeldAgainstItsPins() throws IOException {
    Pull.Pulled first = pull();
    assertThat(first.fresh()).isTrue();
    assertThat(first.folder()).isEqualTo(directory.resolve("model"));
    assertThat(first.folder().resolve("model.onnx")).hasBinaryContent(graph);
    assertThat(Files.list(first.folder()).map(f -> f.getFileName().toString()))
        .containsExactlyInAnyOrder(
            "model.onnx", "preprocessor_config.json", "config.json", "lookalike-pull.json");
    assertThat(Files.list(directory)).containsExactly(first.folder());
    Pins pins = Pins.read(first.folder()).orElseThrow();
    assertThat(pins.commit()).isEqualTo(hub.commit);
    assertThat(pins.files())
        .contains(
            new Pins.Pin("model.onnx", "onnx/model.onnx", graph.length, FakeHub.sha256(graph)));

    hub.askedElsewhere.clear();
    assertThat(pull().fresh()).isFalse();
    assertThat(hub.askedElsewhere).isEmpty();

    byte[] other = graph.clone();
    other[7] ^= 1;
    Files.write(first.folder().resolve("model.onnx"), other);
    refused(this::pull, "SHA256_MISMATCH", FakeHub.sha256(graph), FakeHub.sha256(other));
    Files.delete(first.folder().resolve("model.onnx"));
    refused(this::pull, "SHA256_MISMATCH", "gone");
    hub.commit = "fffffff456789abcdef0123456789abcdef01234";
    refused(this::pull, "MODEL_EXISTS", "0123456789ab", "fffffff45678", "--name");
  }

  @Test
  void theTokenGoesToTheHubOnly() throws IOException {
    pull();
    assertThat(hub.asked).allMatch(line -> line.endsWith("Bearer secret"));
    assertThat(hub.askedElsewhere).isNotEmpty().allMatch(line -> line.endsWith(" null"));
  }

  @Test
  void itGoesOnWhereItBrokeOff() throws IOException {
    hub.breakAfter = 1500;
    Pull.Pulled pulled = pull();
    assertThat(pulled.folder().resolve("model.onnx")).hasBinaryContent(graph);
    assertThat(hub.askedElsewhere)
        .extracting(line -> line.split(" ")[1])
        .containsExactly("null", "bytes=1500-", "bytes=3000-", "bytes=4500-");
  }

  @Test
  void theNextCommandGoesOnWhereTheLastGaveUp() throws IOException {
    hub.breakAfter = 1500;
    hub.failAfter = 2;
    refused(this::pull, "HUB_BROKE_OFF", "3000 of 5000", "to continue");
    assertThat(directory.resolve("model")).doesNotExist();
    hub.failAfter = Integer.MAX_VALUE;
    hub.breakAfter = 0;
    hub.askedElsewhere.clear();
    assertThat(pull().folder().resolve("model.onnx")).hasBinaryContent(graph);
    assertThat(hub.askedElsewhere).singleElement().asString().contains("bytes=3000-");
  }

  @Test
  void anotherCommitStartsAnew() throws IOException {
    hub.breakAfter = 1500;
    hub.failAfter = 1;
    refused(this::pull, "HUB_BROKE_OFF", "1500 of 5000");
    hub.commit = "fffffff456789abcdef0123456789abcdef01234";
    new Random(2).nextBytes(graph);
    hub.failAfter = Integer.MAX_VALUE;
    hub.breakAfter = 0;
    hub.askedElsewhere.clear();
    assertThat(pull().folder().resolve("model.onnx")).hasBinaryContent(graph);
    assertThat(hub.askedElsewhere).singleElement().asString().contains(" null ");
  }

  @Test
  void whatIsNotWhatTheHubStatesIsThrownAway() throws IOException {
    hub.statedSha256.put("onnx/model.onnx", "ab".repeat(32));
    refused(this::pull, "SHA256_MISMATCH", FakeHub.sha256(graph), "ab".repeat(32));
    assertThat(directory.resolve("model")).doesNotExist();
    assertThat(directory.resolve(".model.part/model.onnx.part")).doesNotExist();
    hub.statedSha256.clear();
    assertThat(pull().fresh()).isTrue();
  }

  @Test
  void aLongerFileThanStatedIsCutOff() {
    hub.statedSizes.put("onnx/model.onnx", 4000L);
    refused(this::pull, "SHA256_MISMATCH", "longer than the 4000 bytes");
  }

  @Test
  void variantsAndExternalDataAreChosen() throws IOException {
    byte[] half = new byte[600];
    hub.files.put("onnx/model_fp16.onnx", half);
    hub.files.put("onnx/model_fp16.onnx_data", new byte[700]);
    Pull.Pulled pulled = pull(Optional.of("fp16"), Optional.empty());
    assertThat(pulled.folder().resolve("model.onnx")).hasBinaryContent(half);
    assertThat(pulled.folder().resolve("model_fp16.onnx_data")).hasSize(700);
    refused(
        () -> pull(Optional.of("int8"), Optional.empty()),
        "NO_SUCH_VARIANT",
        "model_int8.onnx",
        "onnx/model_fp16.onnx");
    refused(this::pull, "MODEL_EXISTS", "onnx/model_fp16.onnx");
  }

  @Test
  void errorsSayWhatToDo() {
    hub.files.remove("preprocessor_config.json");
    refused(this::pull, "NO_PREPROCESSING", "preprocessor_config.json");
    hub.files.remove("onnx/model.onnx");
    refused(this::pull, "NO_ONNX_IN_REPO", "optimum-cli export onnx --model owner/model");
    hub.status = 404;
    refused(this::pull, "HUB_NOT_FOUND", "owner/model");
    hub.status = 403;
    refused(this::pull, "HUB_FORBIDDEN", "token");
    hub.status = 503;
    refused(this::pull, "HUB_UNREACHABLE", "503");
    hub.status = 200;
    fill();
    hub.statedSizes.put("onnx/model.onnx", 1L << 60);
    refused(this::pull, "DISK_FULL", "MiB are free");
    hub.statedSizes.clear();
    hub.redirectTo = "http://example.org";
    refused(this::pull, "HUB_INSECURE", "example.org");
    hub.close();
    refused(this::pull, "HUB_UNREACHABLE", hub.address().toString());
  }

  /** The codes used by the hub's client library, huggingface_hub. */
  @Test
  void theHubsOwnCodesSayMoreThanItsStatus() {
    hub.errorMessage = "Access to model owner/model is restricted.\u0007";
    hub.status = 401;
    hub.errorCode = "GatedRepo";
    refused(this::pull, "HUB_FORBIDDEN", "terms", "is restricted.");
    hub.errorCode = "RepoNotFound";
    refused(this::pull, "HUB_NOT_FOUND", "no such repository, or it is private");
    hub.status = 404;
    hub.errorCode = "RevisionNotFound";
    refused(this::pull, "HUB_NOT_FOUND", "no such revision");
    // Anyone may list a gated repository.
    hub.status = 200;
    hub.fileStatus = 403;
    hub.errorCode = "GatedRepo";
    refused(this::pull, "HUB_FORBIDDEN", "terms");
    hub.fileStatus = 404;
    hub.errorCode = "EntryNotFound";
    refused(this::pull, "HUB_NOT_FOUND", "no such file");
  }

  @Test
  void aRenamedRepositoryIsFoundByItsOldName() throws IOException {
    Pull.Pulled pulled = pull("owner/earlier", Optional.empty(), Optional.empty());
    assertThat(pulled.folder().resolve("model.onnx")).hasBinaryContent(graph);
    assertThat(hub.asked).allMatch(line -> line.endsWith("Bearer secret"));
  }

  @Test
  void anAddressThatIsNotValidAnyMoreIsAskedForAgain() throws IOException {
    hub.breakAfter = 1500;
    hub.expired.set(2);
    assertThat(pull().folder().resolve("model.onnx")).hasBinaryContent(graph);
    assertThat(hub.asked.stream().filter(line -> line.contains("/resolve/")).count())
        .as("each attempt asks the hub first")
        .isGreaterThan(6);
  }

  @Test
  void whatTheHubStatesOnTheWayCountsWhereItsListSaysNothing() throws IOException {
    hub.listsHashes = false;
    hub.statedSha256.put("onnx/model.onnx", "ab".repeat(32));
    refused(this::pull, "SHA256_MISMATCH", FakeHub.sha256(graph), "ab".repeat(32));
    hub.statedSha256.clear();
    assertThat(pull().folder().resolve("model.onnx")).hasBinaryContent(graph);
  }

  @Test
  void smallFilesAreHeldAgainstGitsId() throws IOException {
    hub.statedBlobs.put("config.json", "ab".repeat(20));
    refused(this::pull, "SHA256_MISMATCH", "config.json has git id", "ab".repeat(20));
    // git hash-object of an empty file.
    assertThat(FakeHub.blob(new byte[0])).isEqualTo("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  }

  @Test
  void aModelOfTimmHasItsPreprocessingInItsConfig() throws IOException {
    hub.files.remove("preprocessor_config.json");
    refused(this::pull, "NO_PREPROCESSING", "pretrained_cfg");
    assertThat(hub.askedElsewhere).as("nothing large was fetched for that").isEmpty();
    byte[] config =
        "{\"pretrained_cfg\": {\"input_size\": [3, 224, 224]}}".getBytes(StandardCharsets.UTF_8);
    hub.files.put("config.json", config);
    Path folder = pull().folder();
    assertThat(folder.resolve("config.json")).hasBinaryContent(config);
    ModelFolders.requireModel(folder);
  }

  @Test
  void onlyEncryptedConnectionsLeaveThisMachine() {
    for (String address : List.of("http://hub.example", "ftp://hub.example", "hub.example")) {
      refused(
          () -> new Hub(URI.create(address), Optional.empty(), HubProxy.NONE, TIMEOUT, TIMEOUT),
          "HUB_INSECURE",
          address);
    }
  }

  @Test
  void theProxyIsThatOfTheEnvironment() {
    HubProxy proxy =
        HubProxy.of(
            Map.of("https_proxy", "http://proxy.example:3128", "NO_PROXY", "inside.example, .lan"));
    assertThat(proxy.of(URI.create("https://hub.example/a")).toString())
        .contains("proxy.example")
        .contains("3128");
    for (String direct :
        List.of(
            "https://inside.example/a",
            "https://hub.inside.example/a",
            "https://hub.lan/a",
            "http://127.0.0.1:80/a")) {
      assertThat(proxy.of(URI.create(direct))).as(direct).isEqualTo(java.net.Proxy.NO_PROXY);
    }
    assertThat(proxy.of(URI.create("https://notinside.example/a")).type())
        .isEqualTo(java.net.Proxy.Type.HTTP);
    refused(
        () -> HubProxy.of(Map.of("HTTPS_PROXY", "http://user:word@proxy")), "PROXY", "password");
  }
}
