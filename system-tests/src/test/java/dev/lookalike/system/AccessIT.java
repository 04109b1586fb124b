package dev.lookalike.system;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.Any;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.rpc.ErrorInfo;
import dev.lookalike.access.AccessKey;
import dev.lookalike.access.Grant;
import dev.lookalike.access.KeyFile;
import dev.lookalike.access.KeyText;
import dev.lookalike.access.Role;
import dev.lookalike.proto.embed.v1.EmbedOuterClass;
import dev.lookalike.proto.ingest.v1.IngestOuterClass;
import dev.lookalike.proto.search.v1.SearchOuterClass;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A system with access keys: every endpoint over HTTP and gRPC, as every kind of caller. */
class AccessIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What an endpoint needs; the collection of the walk is called "walk" and does not exist. */
  private enum Need {
    NOTHING,
    ANY_KEY,
    READER,
    WRITER,
    ADMIN,
    ADMIN_OF_ALL
  }

  /** Who comes. */
  private enum Who {
    NOBODY(Optional.empty()),
    UNKNOWN(Optional.empty()),
    EXPIRED(Optional.of(new Grant("*", Role.ADMIN))),
    READER(Optional.of(new Grant("walk", Role.READER))),
    WRITER(Optional.of(new Grant("walk", Role.WRITER))),
    ADMIN(Optional.of(new Grant("walk", Role.ADMIN))),
    ADMIN_OF_OTHER(Optional.of(new Grant("other", Role.ADMIN))),
    READER_OF_ALL(Optional.of(new Grant("*", Role.READER))),
    ADMIN_OF_ALL(Optional.of(new Grant("*", Role.ADMIN)));

    private final Optional<Grant> grant;
    private final KeyText key = KeyText.random();

    Who(Optional<Grant> grant) {
      this.grant = grant;
    }

    /** What is to come of it: "", UNAUTHENTICATED or PERMISSION_DENIED. */
    String refusal(Need need) {
      if (need == Need.NOTHING) {
        return "";
      }
      return switch (this) {
        case NOBODY, UNKNOWN, EXPIRED -> "UNAUTHENTICATED";
        case READER -> need.compareTo(Need.READER) <= 0 ? "" : "PERMISSION_DENIED";
        case WRITER -> need.compareTo(Need.WRITER) <= 0 ? "" : "PERMISSION_DENIED";
        case ADMIN -> need.compareTo(Need.ADMIN) <= 0 ? "" : "PERMISSION_DENIED";
        case ADMIN_OF_OTHER -> need == Need.ANY_KEY ? "" : "PERMISSION_DENIED";
        case READER_OF_ALL -> need.compareTo(Need.READER) <= 0 ? "" : "PERMISSION_DENIED";
        case ADMIN_OF_ALL -> "";
      };
    }
  }

  /** Written by hand, not taken from the tables that it holds to account. */
  private static final Map<String, Need> REQUESTS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("ingest POST /v1/collections", Need.ADMIN_OF_ALL),
              Map.entry("ingest GET /v1/collections", Need.ANY_KEY),
              Map.entry("ingest GET /v1/collections/{collection}", Need.READER),
              Map.entry("ingest PATCH /v1/collections/{collection}", Need.ADMIN_OF_ALL),
              Map.entry("ingest DELETE /v1/collections/{collection}", Need.ADMIN),
              Map.entry("ingest POST /v1/collections/{collection}/images", Need.WRITER),
              Map.entry("ingest PUT /v1/collections/{collection}/images/{id}", Need.WRITER),
              Map.entry("ingest PATCH /v1/collections/{collection}/images/{id}", Need.WRITER),
              Map.entry("ingest DELETE /v1/collections/{collection}/images/{id}", Need.WRITER),
              Map.entry("ingest POST /v1/collections/{collection}/images/{id}/retry", Need.WRITER),
              Map.entry("ingest POST /v1/collections/{collection}/images:patch", Need.WRITER),
              Map.entry("ingest POST /v1/collections/{collection}/images:delete", Need.WRITER),
              Map.entry("ingest GET /v1/collections/{collection}/images/{id}/content", Need.READER),
              Map.entry("ingest PUT /v1/collections/{collection}/classifier", Need.WRITER),
              Map.entry("ingest DELETE /v1/collections/{collection}/classifier", Need.WRITER),
              Map.entry("embed GET /v1/collections/{collection}/classifier", Need.READER),
              Map.entry("embed POST /v1/collections/{collection}/embed", Need.READER),
              Map.entry("embed GET /v1/models", Need.ANY_KEY),
              Map.entry("query POST /v1/collections/{collection}/search", Need.READER),
              Map.entry("query POST /v1/search:batch", Need.ANY_KEY),
              Map.entry("query GET /v1/status", Need.ANY_KEY),
              Map.entry("query POST /v1/status", Need.ANY_KEY),
              Map.entry("query GET /v1/collections/{collection}/images/{id}", Need.READER),
              Map.entry("query GET /v1/collections/{collection}/images", Need.READER),
              Map.entry("query GET /v1/collections/{collection}/count", Need.READER),
              Map.entry("query GET /v1/collections/{collection}/index", Need.READER),
              Map.entry("query POST /v1/collections/{collection}/index:rebuild", Need.ADMIN),
              Map.entry("query POST /v1/collections/{collection}/index:compare", Need.ADMIN)));

  private static final Map<String, Need> CALLS =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("lookalike.ingest.v1.Ingest/PutImage", Need.WRITER),
              Map.entry("lookalike.ingest.v1.Ingest/PutImages", Need.WRITER),
              Map.entry("lookalike.ingest.v1.Ingest/PatchImage", Need.WRITER),
              Map.entry("lookalike.ingest.v1.Ingest/PatchImages", Need.WRITER),
              Map.entry("lookalike.ingest.v1.Ingest/DeleteImage", Need.WRITER),
              Map.entry("lookalike.ingest.v1.Ingest/DeleteImages", Need.WRITER),
              Map.entry("lookalike.ingest.v1.Ingest/RetryImage", Need.WRITER),
              Map.entry("lookalike.ingest.v1.Ingest/PutClassifier", Need.WRITER),
              Map.entry("lookalike.ingest.v1.Ingest/RemoveClassifier", Need.WRITER),
              Map.entry("lookalike.ingest.v1.Ingest/GetContent", Need.READER),
              Map.entry("lookalike.ingest.v1.Ingest/CreateCollection", Need.ADMIN_OF_ALL),
              Map.entry("lookalike.ingest.v1.Ingest/RenameCollection", Need.ADMIN_OF_ALL),
              Map.entry("lookalike.ingest.v1.Ingest/DeleteCollection", Need.ADMIN),
              Map.entry("lookalike.ingest.v1.Ingest/GetCollection", Need.READER),
              Map.entry("lookalike.ingest.v1.Ingest/ListCollections", Need.ANY_KEY),
              Map.entry("lookalike.embed.v1.Embed/EmbedImages", Need.READER),
              Map.entry("lookalike.embed.v1.Embed/GetClassifier", Need.READER),
              Map.entry("lookalike.embed.v1.Embed/ListModels", Need.ANY_KEY),
              Map.entry("lookalike.search.v1.Search/Search", Need.READER),
              Map.entry("lookalike.search.v1.Search/SearchBatch", Need.ANY_KEY),
              Map.entry("lookalike.search.v1.Search/GetStatus", Need.ANY_KEY),
              Map.entry("lookalike.search.v1.Search/GetImage", Need.READER),
              Map.entry("lookalike.search.v1.Search/ListImages", Need.READER),
              Map.entry("lookalike.search.v1.Search/CountImages", Need.READER),
              Map.entry("lookalike.search.v1.Search/DescribeIndex", Need.READER),
              Map.entry("lookalike.search.v1.Search/RebuildIndex", Need.ADMIN),
              Map.entry("lookalike.search.v1.Search/CompareIndex", Need.ADMIN)));

  /** What Quarkus serves of itself. */
  private static final Map<String, Need> OF_QUARKUS =
      Map.of(
          "GET /q/health", Need.NOTHING,
          "GET /q/health/live", Need.NOTHING,
          "GET /q/health/ready", Need.NOTHING,
          "GET /q/metrics", Need.ANY_KEY,
          "GET /q/openapi?format=json", Need.ANY_KEY);

  private static final RunningSystem SYSTEM = RunningSystem.prepared();
  private static final Map<String, Integer> HTTP_PORTS =
      Map.of(
          "ingest",
          SYSTEM.portBase + 1,
          "embed",
          SYSTEM.portBase + 2,
          "query",
          SYSTEM.portBase + 3);
  private static final Map<String, FileDescriptor> FILES =
      Map.of(
          "ingest",
          IngestOuterClass.getDescriptor(),
          "embed",
          EmbedOuterClass.getDescriptor(),
          "query",
          SearchOuterClass.getDescriptor());
  private static final Map<String, ManagedChannel> CHANNELS = new HashMap<>();
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @BeforeAll
  static void start() throws Exception {
    SYSTEM.lookalike("key", "create", "--role", "reader", "--collection", "x", "--json").ok();
    Path file = keysFile();
    List<AccessKey> keys = new ArrayList<>(KeyFile.read(file));
    Instant now = Instant.now();
    for (Who who : Who.values()) {
      who.grant.ifPresent(
          grant ->
              keys.add(
                  AccessKey.of(
                      who.key,
                      who.name(),
                      List.of(grant),
                      now,
                      who == Who.EXPIRED ? Optional.of(now) : Optional.empty())));
    }
    KeyFile.write(file, keys);
    SYSTEM.up(List.of());
    HTTP_PORTS.forEach(
        (service, port) ->
            CHANNELS.put(
                service,
                ManagedChannelBuilder.forAddress("127.0.0.1", port + 10).usePlaintext().build()));
  }

  @AfterAll
  static void stop() {
    CHANNELS.values().forEach(ManagedChannel::shutdownNow);
    SYSTEM.down();
  }

  private static Path keysFile() {
    return SYSTEM.home.resolve("access/keys.json");
  }

  @Test
  void everyRequestIsOpenToThoseItIsMeantFor() throws Exception {
    Set<String> served = new TreeSet<>();
    for (String service : HTTP_PORTS.keySet()) {
      JsonNode paths =
          JSON.readTree(
                  send(service, "GET", "/q/openapi?format=json", Who.READER, new byte[0]).body())
              .path("paths");
      paths
          .properties()
          .forEach(
              path ->
                  path.getValue()
                      .fieldNames()
                      .forEachRemaining(
                          method ->
                              served.add(
                                  service
                                      + " "
                                      + method.toUpperCase(java.util.Locale.ROOT)
                                      + " "
                                      + path.getKey())));
    }
    assertThat(served).as("endpoints of the documents").isEqualTo(REQUESTS.keySet());

    Map<String, Need> all = new TreeMap<>(REQUESTS);
    for (String service : HTTP_PORTS.keySet()) {
      OF_QUARKUS.forEach((request, need) -> all.put(service + " " + request, need));
    }
    List<String> wrong = new ArrayList<>();
    all.forEach(
        (request, need) -> {
          String[] parts = request.split(" ", 3);
          String path = parts[2].replace("{collection}", "walk").replace("{id}", "none");
          for (Who who : Who.values()) {
            byte[] body = parts[1].matches("GET|DELETE") ? new byte[0] : "{}".getBytes(UTF_8);
            String refusal = refusal(send(parts[0], parts[1], path, who, body));
            if (!refusal.equals(who.refusal(need))) {
              wrong.add(who + " " + request + ": \"" + refusal + "\"");
            }
          }
        });
    assertThat(wrong).isEmpty();
  }

  @Test
  void whatIsInNoTableIsOpenToNobody() {
    for (String service : HTTP_PORTS.keySet()) {
      for (String request :
          List.of(
              "GET /v1/nothing",
              "GET /",
              "GET /q/dev",
              "OPTIONS /v1/collections",
              "POST /q/health",
              "GET /v1/collections/walk;x=1/images",
              "GET /v1/collections/walk%2Fcount")) {
        String[] parts = request.split(" ", 2);
        for (Who who : Who.values()) {
          assertThat(refusal(send(service, parts[0], parts[1], who, new byte[0])))
              .as(who + " " + service + " " + request)
              .isEqualTo(
                  who.refusal(Need.ADMIN_OF_ALL).startsWith("UN")
                      ? "UNAUTHENTICATED"
                      : "PERMISSION_DENIED");
        }
      }
    }
    // A path that is made another one on the way is asked for as that other one.
    String around = "/v1/collections/walk/images/%2e%2e/%2e%2e/other/count";
    assertThat(refusal(send("query", "GET", around, Who.READER, new byte[0])))
        .isEqualTo("PERMISSION_DENIED");
  }

  @Test
  void everyCallIsOpenToThoseItIsMeantFor() {
    Set<String> described = new TreeSet<>();
    List<String> wrong = new ArrayList<>();
    FILES.forEach(
        (service, file) -> {
          for (var each : file.getServices()) {
            for (MethodDescriptor method : each.getMethods()) {
              String name = each.getFullName() + "/" + method.getName();
              described.add(name);
              Need need = CALLS.getOrDefault(name, Need.ADMIN_OF_ALL);
              for (Who who : Who.values()) {
                String refusal = refusal(call(service, name, who, walking(method)));
                if (!refusal.equals(who.refusal(need))) {
                  wrong.add(who + " " + name + ": \"" + refusal + "\"");
                }
              }
            }
          }
          // list_services of the reflection, and Check of health.
          for (Who who : Who.values()) {
            for (String version : List.of("v1", "v1alpha")) {
              String reflection =
                  "grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo";
              Outcome outcome = call(service, reflection, who, new byte[] {0x3a, 0});
              if (!refusal(outcome).equals(who.refusal(Need.ANY_KEY))) {
                wrong.add(who + " " + service + " " + reflection);
              }
              outcome.message().ifPresent(message -> wrong.addAll(unknownServices(message)));
            }
            if (!refusal(call(service, "grpc.health.v1.Health/Check", who, new byte[0]))
                .isEmpty()) {
              wrong.add(who + " " + service + " health");
            }
            if (refusal(call(service, "lookalike.nothing.v1.Nothing/Do", who, new byte[0]))
                .isEmpty()) {
              Status.Code code =
                  call(service, "lookalike.nothing.v1.Nothing/Do", who, new byte[0])
                      .status()
                      .getCode();
              if (code != Status.Code.UNIMPLEMENTED) {
                wrong.add(who + " nothing: " + code);
              }
            }
          }
        });
    assertThat(described).as("methods of the contracts").isEqualTo(CALLS.keySet());
    assertThat(wrong).isEmpty();
  }

  /** Services that the reflection names and that are walked nowhere. */
  private static List<String> unknownServices(byte[] message) {
    Set<String> known =
        Stream.concat(
                CALLS.keySet().stream().map(call -> call.substring(0, call.indexOf('/'))),
                Stream.of(
                    "grpc.health.v1.Health",
                    "grpc.reflection.v1.ServerReflection",
                    "grpc.reflection.v1alpha.ServerReflection"))
            .collect(Collectors.toSet());
    List<String> unknown = new ArrayList<>();
    for (byte[] list : fields(message, 6)) {
      for (byte[] service : fields(list, 1)) {
        fields(service, 1).stream()
            .map(name -> new String(name, UTF_8))
            .filter(name -> !known.contains(name))
            .forEach(unknown::add);
      }
    }
    return unknown;
  }

  private static List<byte[]> fields(byte[] message, int number) {
    List<byte[]> found = new ArrayList<>();
    try {
      CodedInputStream in = CodedInputStream.newInstance(message);
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag == (number << 3 | 2)) {
          found.add(in.readByteArray());
        } else {
          in.skipField(tag);
        }
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aKeySeesItsCollectionAndNoOther() throws Exception {
    KeyText writer = addKey(new Grant("shop", Role.WRITER));
    KeyText other = addKey(new Grant("archive", Role.ADMIN));
    assertThat(
            send("ingest", "POST", "/v1/collections", Who.ADMIN_OF_ALL, json("{'name': 'shop'}"))
                .statusCode())
        .isEqualTo(201);
    await().until(() -> get("ingest", "/v1/collections/shop", writer).statusCode() == 200);
    JsonNode put =
        JSON.readTree(
            send(
                    "ingest",
                    request("/v1/collections/shop/images/a", "ingest", Optional.of(writer))
                        .method("PUT", BodyPublishers.ofByteArray(Pictures.jpeg(7001))))
                .body());
    String token = put.path("token").asText();
    await()
        .until(
            () ->
                get("query", "/v1/status?wait=5s&token=" + token, writer)
                    .body()
                    .contains("searchable"));
    String id =
        JSON.readTree(get("ingest", "/v1/collections/shop", writer).body()).path("id").asText();

    assertThat(get("query", "/v1/collections/" + id + "/count", writer).statusCode())
        .isEqualTo(200);
    assertThat(get("query", "/v1/collections/" + id + "/count", other).statusCode()).isEqualTo(403);
    assertThat(get("query", "/v1/status?token=" + token, other).body())
        .contains("PERMISSION_DENIED");
    assertThat(names(writer)).containsExactly("shop");
    assertThat(names(other)).isEmpty();
    assertThat(names(Who.READER_OF_ALL.key)).contains("default", "shop");

    HttpResponse<String> batch =
        send(
            "query",
            request("/v1/search:batch", "query", Optional.of(writer))
                .method(
                    "POST",
                    BodyPublishers.ofByteArray(
                        json(
                            "{'requests': [{'collection': 'shop', 'positives': [{'image_id': 'a'}]},"
                                + " {'positives': [{'image_id': 'a'}]}]}"))));
    JsonNode results = JSON.readTree(batch.body()).path("results");
    assertThat(results.at("/0/response/hits/0/image_id").asText()).isEqualTo("a");
    assertThat(results.at("/1/refused/code").asText()).isEqualTo("PERMISSION_DENIED");

    HttpResponse<String> content =
        get(
            "ingest",
            "/v1/collections/shop/images/a/content?version=" + put.path("version").asText(),
            writer);
    assertThat(content.headers().firstValue("Cache-Control").orElseThrow()).contains("private");

    // Keys stay with the name.
    assertThat(
            send(
                    "ingest",
                    "PATCH",
                    "/v1/collections/shop",
                    Who.ADMIN_OF_ALL,
                    json("{'name': 'archive'}"))
                .statusCode())
        .isEqualTo(200);
    await()
        .untilAsserted(
            () -> {
              assertThat(get("query", "/v1/collections/" + id + "/count", writer).statusCode())
                  .isEqualTo(403);
              assertThat(get("query", "/v1/collections/" + id + "/count", other).statusCode())
                  .isEqualTo(200);
            });
  }

  @Test
  void thoseWithoutAKeyAreAnsweredBeforeTheyHaveSentAnything() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", SYSTEM.portBase + 1)) {
      socket
          .getOutputStream()
          .write(
              "POST /v1/collections/walk/images HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000\r\n\r\n"
                  .getBytes(UTF_8));
      socket.setSoTimeout(5000);
      byte[] answer = socket.getInputStream().readNBytes(12);
      assertThat(new String(answer, UTF_8)).isEqualTo("HTTP/1.1 401");
    }
    // No message is sent at all.
    Outcome outcome =
        call("ingest", "lookalike.ingest.v1.Ingest/PutImage", Who.NOBODY, Optional.empty());
    assertThat(refusal(outcome)).isEqualTo("UNAUTHENTICATED");
  }

  @Test
  void theOwnerOfTheHomeGoesOnAsBeforeAndOthersShowTheirKeys() throws Exception {
    assertThat(SYSTEM.lookalike("collection", "list").ok().out()).contains("default");
    RunningSystem.Run created =
        SYSTEM.lookalike(
            "key", "create", "--role", "reader", "--collection", "default", "--expires", "1h");
    String key = created.ok().out().strip();
    Path keyFile = Files.writeString(Files.createTempFile("access", ".key"), key + "\n");
    Path photo = Files.write(Files.createTempFile("access", ".jpg"), Pictures.jpeg(7002));
    await()
        .until(
            () ->
                get("query", "/v1/collections/default/count", KeyText.read(key).orElseThrow())
                            .statusCode()
                        == 200
                    && get("ingest", "/v1/collections/default", KeyText.read(key).orElseThrow())
                            .statusCode()
                        == 200);
    RunningSystem.Run put =
        SYSTEM.lookalike("put", photo.toString(), "--key-file", keyFile.toString());
    assertThat(put.exit()).isEqualTo(5);
    assertThat(put.err()).contains("PERMISSION_DENIED").doesNotContain(key.substring(16));

    String id = KeyText.read(key).orElseThrow().id();
    SYSTEM.lookalike("key", "revoke", id).ok();
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                get("query", "/v1/collections/default/count", KeyText.read(key).orElseThrow())
                        .statusCode()
                    == 401);
    assertThat(SYSTEM.lookalike("key", "list").ok().out()).contains("walk").doesNotContain(id);

    // Nothing secret is in what is kept or logged.
    try (Stream<Path> logs = Files.walk(SYSTEM.home.resolve("logs"))) {
      for (Path log : logs.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readString(log)).doesNotContain(key, Who.READER.key.secret());
      }
    }
    assertThat(Files.readString(keysFile())).doesNotContain(Who.READER.key.secret().substring(16));
  }

  private static KeyText addKey(Grant grant) throws Exception {
    KeyText text = KeyText.random();
    synchronized (AccessIT.class) {
      List<AccessKey> keys = new ArrayList<>(KeyFile.read(keysFile()));
      keys.add(AccessKey.of(text, "", List.of(grant), Instant.now(), Optional.empty()));
      KeyFile.write(keysFile(), keys);
    }
    await().until(() -> get("query", "/v1/status", text).statusCode() == 400);
    await().until(() -> get("ingest", "/v1/collections", text).statusCode() == 200);
    return text;
  }

  private static List<String> names(KeyText key) throws IOException {
    return JSON.readTree(get("ingest", "/v1/collections", key).body()).findValuesAsText("name");
  }

  private static byte[] json(String text) {
    return text.replace('\'', '"').getBytes(UTF_8);
  }

  private static HttpRequest.Builder request(String path, String service, Optional<KeyText> key) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + HTTP_PORTS.get(service) + path))
            .timeout(Duration.ofSeconds(60))
            .header("Content-Type", "application/json");
    key.ifPresent(text -> request.header("Authorization", "Bearer " + text.secret()));
    return request;
  }

  private static HttpResponse<String> get(String service, String path, KeyText key) {
    return send(service, request(path, service, Optional.of(key)).GET());
  }

  private static HttpResponse<String> send(
      String service, String method, String path, Who who, byte[] body) {
    Optional<KeyText> key = who == Who.NOBODY ? Optional.empty() : Optional.of(who.key);
    return send(
        service, request(path, service, key).method(method, BodyPublishers.ofByteArray(body)));
  }

  private static HttpResponse<String> send(String service, HttpRequest.Builder request) {
    try {
      return HTTP.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(service, e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The code of a refusal; empty where the request was let in. */
  private static String refusal(HttpResponse<String> response) {
    int status = response.statusCode();
    if (status != 401 && status != 403) {
      return "";
    }
    try {
      JsonNode problem = JSON.readTree(response.body());
      boolean asIsSaid =
          problem.path("status").asInt() == status
              && response.headers().firstValue("WWW-Authenticate").isPresent() == (status == 401)
              && response
                  .headers()
                  .firstValue("Content-Type")
                  .orElse("")
                  .equals("application/problem+json");
      String code = problem.path("code").asText();
      return asIsSaid && code.equals("UNAUTHENTICATED") == (status == 401)
          ? code
          : response + " " + response.body();
    } catch (IOException e) {
      return response + " " + response.body();
    }
  }

  /** The message of a request into the collection of the walk. */
  private static byte[] walking(MethodDescriptor method) {
    Descriptor type = method.getInputType();
    DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    for (String name : List.of("collection", "collection_id")) {
      FieldDescriptor field = type.findFieldByName(name);
      if (field != null) {
        message.setField(field, "walk");
      }
    }
    return message.build().toByteArray();
  }

  private record Outcome(Status status, Metadata trailers, Optional<byte[]> message) {}

  private static Outcome call(String service, String method, Who who, byte[] message) {
    return call(service, method, who, Optional.of(message));
  }

  private static Outcome call(String service, String method, Who who, Optional<byte[]> message) {
    ClientCall<byte[], byte[]> call =
        Objects.requireNonNull(CHANNELS.get(service))
            .newCall(
                io.grpc.MethodDescriptor.<byte[], byte[]>newBuilder()
                    .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
                    .setFullMethodName(method)
                    .setRequestMarshaller(BYTES)
                    .setResponseMarshaller(BYTES)
                    .build(),
                CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS));
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    Metadata headers = new Metadata();
    if (who != Who.NOBODY) {
      headers.put(AUTHORIZATION, "Bearer " + who.key.secret());
    }
    call.start(
        new ClientCall.Listener<>() {
          private Optional<byte[]> answer = Optional.empty();

          @Override
          public void onMessage(byte[] bytes) {
            answer = Optional.of(bytes);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            outcome.complete(new Outcome(status, trailers, answer));
          }
        },
        headers);
    call.request(2);
    message.ifPresent(
        bytes -> {
          call.sendMessage(bytes);
          call.halfClose();
        });
    return outcome.orTimeout(40, TimeUnit.SECONDS).join();
  }

  private static final io.grpc.MethodDescriptor.Marshaller<byte[]> BYTES =
      new io.grpc.MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private static String refusal(Outcome outcome) {
    Status.Code code = outcome.status().getCode();
    if (code != Status.Code.UNAUTHENTICATED && code != Status.Code.PERMISSION_DENIED) {
      return "";
    }
    com.google.rpc.Status status =
        StatusProto.fromStatusAndTrailers(outcome.status(), outcome.trailers());
    for (Any detail : status.getDetailsList()) {
      try {
        if (detail.is(ErrorInfo.class)
            && detail.unpack(ErrorInfo.class).getReason().equals(code.name())) {
          return code.name();
        }
      } catch (IOException e) {
        return "unreadable " + e;
      }
    }
    return "without ErrorInfo: " + outcome.status();
  }
}
