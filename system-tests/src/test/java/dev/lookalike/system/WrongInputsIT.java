package dev.lookalike.system;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.lookalike.proto.embed.v1.EmbedOuterClass;
import dev.lookalike.proto.ingest.v1.IngestOuterClass;
import dev.lookalike.proto.search.v1.SearchOuterClass;
import dev.lookalike.service.error.ErrorCode;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
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
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Walks every endpoint over HTTP and every gRPC method of all services with each wrong input, and
 * finds one form of answer: a problem of RFC 9457 over HTTP, a status with ErrorInfo over gRPC,
 * with the time to try again exactly where that may help.
 */
class WrongInputsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROBLEM = "application/problem+json";
  private static final byte[] NO_IMAGE =
      "no image at all, but more than a few bytes".getBytes(UTF_8);

  private static final RunningSystem SYSTEM = RunningSystem.prepared();
  private static final Map<String, Integer> PORTS =
      new TreeMap<>(
          Map.of(
              "ingest", SYSTEM.portBase + 1,
              "embed", SYSTEM.portBase + 2,
              "query", SYSTEM.portBase + 3));
  private static final Map<String, FileDescriptor> FILES =
      Map.of(
          "ingest",
          IngestOuterClass.getDescriptor(),
          "embed",
          EmbedOuterClass.getDescriptor(),
          "query",
          SearchOuterClass.getDescriptor());
  private static final Map<String, ManagedChannel> CHANNELS = new HashMap<>();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** One method of one path, as the OpenAPI document of its service says it. */
  private record Endpoint(String service, String method, String path, JsonNode operation) {
    /** The path with a collection that is there and an image that is not. */
    String filled() {
      return path.replace("{collection}", "default").replace("{id}", "nobody");
    }

    boolean takesBody() {
      return operation.has("requestBody");
    }

    Set<String> mediaTypes() {
      Set<String> types = new TreeSet<>();
      operation.path("requestBody").path("content").fieldNames().forEachRemaining(types::add);
      return types;
    }

    boolean takesImage() {
      return mediaTypes().stream().anyMatch(type -> !type.equals("application/json"));
    }

    boolean takesJson() {
      return mediaTypes().contains("application/json");
    }

    @Override
    public String toString() {
      return service + " " + method + " " + path;
    }
  }

  /** An answer: of HTTP, or of gRPC. */
  private record Answer(int status, Map<String, List<String>> headers, String body) {
    Optional<String> header(String name) {
      return headers.entrySet().stream()
          .filter(each -> each.getKey().equalsIgnoreCase(name))
          .map(each -> each.getValue().getFirst())
          .findFirst();
    }
  }

  private static List<Endpoint> endpoints = List.of();

  @BeforeAll
  static void start() throws Exception {
    SYSTEM.up(List.of());
    List<Endpoint> all = new ArrayList<>();
    for (String service : PORTS.keySet()) {
      PORTS.computeIfPresent(service, (name, port) -> port);
      CHANNELS.put(
          service,
          ManagedChannelBuilder.forAddress("127.0.0.1", port(service) + 10).usePlaintext().build());
      JsonNode document =
          JSON.readTree(send(service, "GET", "/q/openapi?format=json", Map.of(), null).body());
      for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
        for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
          all.add(
              new Endpoint(
                  service,
                  method.getKey().toUpperCase(java.util.Locale.ROOT),
                  path.getKey(),
                  method.getValue()));
        }
      }
    }
    endpoints = List.copyOf(all);
    assertThat(endpoints).hasSizeGreaterThan(25);
  }

  @AfterAll
  static void stop() {
    CHANNELS.values().forEach(ManagedChannel::shutdownNow);
    SYSTEM.down();
  }

  @Test
  void unknownPathsMethodsAndMediaTypesOfAnswers() {
    List<String> wrong = new ArrayList<>();
    for (String service : PORTS.keySet()) {
      expect(
          wrong,
          service + " path",
          send(service, "GET", "/v1/nothing", Map.of(), null),
          ErrorCode.PATH_NOT_FOUND);
      expect(
          wrong,
          service + " path",
          send(service, "POST", "/v1/a/b/c", Map.of(), NO_IMAGE),
          ErrorCode.PATH_NOT_FOUND);
    }
    Set<String> paths = new TreeSet<>();
    for (Endpoint endpoint : endpoints) {
      if (paths.add(endpoint.service() + endpoint.path())) {
        expect(
            wrong,
            endpoint + " method",
            send(endpoint.service(), "TRACE", endpoint.filled(), Map.of(), null),
            ErrorCode.METHOD_NOT_ALLOWED);
      }
      if (endpoint.operation().toString().contains("application/json")
          && !endpoint.path().endsWith("/content")) {
        expect(
            wrong,
            endpoint + " accept",
            send(
                endpoint,
                Map.of("Accept", "image/x-nothing", "Content-Type", "application/json"),
                "{}".getBytes(UTF_8)),
            ErrorCode.NOT_ACCEPTABLE);
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void queryParametersThatAreUnknownOrOfAnotherType() {
    List<String> wrong = new ArrayList<>();
    int typed = 0;
    for (Endpoint endpoint : endpoints) {
      Answer unknown = send(endpoint, "?colour=blue");
      expect(wrong, endpoint + " unknown", unknown, ErrorCode.INVALID_ARGUMENT);
      if (!unknown.body().contains("colour")) {
        wrong.add(endpoint + " does not name the parameter: " + unknown.body());
      }
      for (JsonNode parameter : endpoint.operation().path("parameters")) {
        String type = parameter.path("schema").path("type").asText();
        String name = parameter.path("name").asText();
        if (parameter.path("in").asText().equals("query")
            && Set.of("integer", "number", "boolean").contains(type)) {
          typed++;
          Answer answer = send(endpoint, "?" + name + "=banana");
          expect(wrong, endpoint + " " + name, answer, ErrorCode.INVALID_ARGUMENT);
          if (!answer.body().contains(name)) {
            wrong.add(endpoint + " does not name " + name + ": " + answer.body());
          }
          expect(
              wrong,
              endpoint + " " + name + " twice",
              send(endpoint, "?" + name + "=1&" + name + "=1"),
              ErrorCode.INVALID_ARGUMENT);
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(typed).isGreaterThan(8);
  }

  @Test
  void contentTypesThatAreAbsentOrWrong() {
    List<String> wrong = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      if (!endpoint.takesBody()) {
        continue;
      }
      if (endpoint.takesImage()) {
        // Whatever it is called, and if it is not, it is an image.
        for (Map<String, String> headers :
            List.of(Map.<String, String>of(), Map.of("Content-Type", "text/plain"))) {
          expect(
              wrong,
              endpoint + " " + headers,
              send(endpoint, headers, NO_IMAGE),
              ErrorCode.UNKNOWN_FORMAT);
        }
        expect(
            wrong,
            endpoint + " form without a boundary",
            send(endpoint, Map.of("Content-Type", "multipart/form-data"), NO_IMAGE),
            ErrorCode.INVALID_ARGUMENT);
        expect(
            wrong,
            endpoint + " form without an image",
            send(
                endpoint,
                Map.of("Content-Type", "multipart/form-data; boundary=B"),
                "--B\r\nContent-Disposition: form-data; name=\"picture\"\r\n\r\nx\r\n--B--\r\n"
                    .getBytes(UTF_8)),
            ErrorCode.INVALID_ARGUMENT);
      } else {
        expect(
            wrong,
            endpoint + " text/plain",
            send(endpoint, Map.of("Content-Type", "text/plain"), "{}".getBytes(UTF_8)),
            ErrorCode.UNSUPPORTED_MEDIA_TYPE);
        expect(
            wrong,
            endpoint + " none",
            send(endpoint, Map.of(), "{\"surely_unknown\": 1}".getBytes(UTF_8)),
            ErrorCode.INVALID_ARGUMENT);
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void bodiesThatAreNoSuchJson() {
    List<String> wrong = new ArrayList<>();
    int walked = 0;
    for (Endpoint endpoint : endpoints) {
      if (!endpoint.takesJson()) {
        continue;
      }
      walked++;
      for (String body :
          List.of("", "{", "[]", "null", "{\"surely_unknown\": 1}", "{} {}", "\u0000", "3")) {
        Answer answer =
            send(endpoint, Map.of("Content-Type", "application/json"), body.getBytes(UTF_8));
        expect(wrong, endpoint + " " + body, answer, ErrorCode.INVALID_ARGUMENT);
        if (body.contains("surely") && !answer.body().contains("surely_unknown")) {
          wrong.add(endpoint + " does not name the field: " + answer.body());
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(walked).isGreaterThan(8);
  }

  @Test
  void bodiesThatAreCompressed() {
    List<String> wrong = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      if (endpoint.takesBody()) {
        String type = endpoint.takesImage() ? "image/jpeg" : "application/json";
        expect(
            wrong,
            endpoint.toString(),
            send(
                endpoint,
                Map.of("Content-Type", type, "Content-Encoding", "gzip"),
                zipped("{}".getBytes(UTF_8))),
            ErrorCode.UNSUPPORTED_MEDIA_TYPE);
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void bodiesThatAreTooLarge() {
    List<String> wrong = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      if (endpoint.takesBody()) {
        String type = endpoint.takesImage() ? "image/jpeg" : "application/json";
        // Refused by what it says of itself, before it comes.
        Answer declared = declare(endpoint, type, 3L << 30);
        expect(wrong, endpoint + " declared", declared, ErrorCode.TOO_MANY_BYTES);
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void fullServicesSayWhenToComeAgain() throws Exception {
    for (String service : List.of("query", "embed", "ingest")) {
      Endpoint image =
          endpoints.stream()
              .filter(each -> each.service().equals(service) && each.takesImage())
              .findFirst()
              .orElseThrow();
      List<Socket> holders = new ArrayList<>();
      try {
        Answer answer = new Answer(0, Map.of(), "");
        // Each declares an image and never sends it, until there is no room for the next.
        for (int i = 0; i < 24 && answer.status() != 429; i++) {
          Socket holder = new Socket("127.0.0.1", port(service));
          holders.add(holder);
          holder.setSoTimeout(2_000);
          OutputStream out = holder.getOutputStream();
          out.write(head(image, "image/jpeg", 31 << 20));
          out.write(new byte[100]);
          out.flush();
          answer = readAnswer(holder).orElse(answer);
        }
        List<String> wrong = new ArrayList<>();
        expect(wrong, service + " full", answer, ErrorCode.FULL);
        String method =
            service.equals("ingest")
                ? "lookalike.ingest.v1.Ingest/PutImage"
                : service.equals("embed")
                    ? "lookalike.embed.v1.Embed/EmbedImages"
                    : "lookalike.search.v1.Search/Search";
        // An unknown field of the message: its bytes count all the same.
        expect(
            wrong,
            service + " full over gRPC",
            call(service, method, padded(31 << 20), false),
            ErrorCode.FULL);
        assertThat(wrong).isEmpty();
      } finally {
        for (Socket holder : holders) {
          holder.close();
        }
      }
    }
  }

  @Test
  void messagesThatAreCompressed() {
    List<String> wrong = new ArrayList<>();
    walkMethods(
        (service, name, method) -> {
          if (!Set.of("PutImage", "PutImages").contains(method.getName())) {
            expect(
                wrong,
                name,
                call(service, name, new byte[0], true),
                ErrorCode.UNSUPPORTED_MEDIA_TYPE);
          }
        });
    assertThat(wrong).isEmpty();
  }

  @Test
  void messagesThatAreTooLarge() {
    List<String> wrong = new ArrayList<>();
    walkMethods(
        (service, name, method) ->
            expect(
                wrong,
                name,
                call(service, name, padded(70 << 20), false),
                ErrorCode.TOO_MANY_BYTES,
                ErrorCode.FULL));
    assertThat(wrong).isEmpty();
  }

  @Test
  void messagesThatNameNothingThatIsThere() {
    List<String> wrong = new ArrayList<>();
    walkMethods(
        (service, name, method) -> {
          FieldDescriptor collection = collectionField(method);
          if (collection != null && !method.isClientStreaming()) {
            DynamicMessage message =
                DynamicMessage.newBuilder(method.getInputType())
                    .setField(collection, "nothere")
                    .build();
            RpcAnswer answer = call(service, name, message.toByteArray(), false);
            if (form(answer).isPresent()) {
              wrong.add(name + ": " + form(answer).get());
            } else if (answer.status().isOk()) {
              wrong.add(name + " is done in a collection that is not there");
            }
          }
        });
    assertThat(wrong).isEmpty();
  }

  @Test
  void servicesThatAreAway() throws Exception {
    List<String> wrong = new ArrayList<>();
    byte[] picture = Pictures.jpeg(1);
    JsonNode token =
        JSON.readTree(
            send(
                    "ingest",
                    "POST",
                    "/v1/collections/default/images",
                    Map.of("Content-Type", "image/jpeg"),
                    picture)
                .body());
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                send(
                        "query",
                        "GET",
                        "/v1/status?token=" + token.path("token").asText(),
                        Map.of(),
                        null)
                    .body()
                    .contains("searchable"));
    while_(
        RunningSystem.Part.EMBED,
        () ->
            expect(
                wrong,
                "search by image without embed-service",
                send(
                    "query",
                    "POST",
                    "/v1/collections/default/search",
                    Map.of("Content-Type", "image/jpeg"),
                    picture),
                ErrorCode.EMBED_UNAVAILABLE));
    while_(
        RunningSystem.Part.QUERY,
        () ->
            expect(
                wrong,
                "delete by filter without query-service",
                send(
                    "ingest",
                    "POST",
                    "/v1/collections/default/images:delete",
                    Map.of("Content-Type", "application/json"),
                    "{\"filter\": \"id == 'nobody'\"}".getBytes(UTF_8)),
                ErrorCode.QUERY_UNAVAILABLE));
    while_(
        RunningSystem.Part.BROKER,
        () -> {
          expect(
              wrong,
              "upload without a broker",
              send(
                  "ingest",
                  "POST",
                  "/v1/collections/default/images",
                  Map.of("Content-Type", "image/jpeg"),
                  picture),
              ErrorCode.BROKER_UNAVAILABLE);
          expect(
              wrong,
              "positions without a broker",
              send("query", "GET", "/v1/collections/default/index", Map.of(), null),
              ErrorCode.BROKER_UNAVAILABLE);
        });
    assertThat(wrong).isEmpty();
  }

  /** Does something while a part is there and does not answer. */
  private static void while_(RunningSystem.Part part, Runnable work) throws Exception {
    long pid = SYSTEM.process(part).pid();
    signal("STOP", pid);
    try {
      work.run();
    } finally {
      signal("CONT", pid);
    }
    SYSTEM.awaitReady();
  }

  private static void signal(String name, long pid) throws Exception {
    assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor())
        .isZero();
  }

  // The form of answers.

  private static void expect(List<String> wrong, String what, Answer answer, ErrorCode... codes) {
    Optional<String> problem = form(answer);
    if (problem.isPresent()) {
      wrong.add(what + ": " + problem.get());
    } else if (!List.of(codes).contains(code(answer))) {
      wrong.add(what + ": " + answer.body());
    }
  }

  private static ErrorCode code(Answer answer) {
    try {
      return ErrorCode.valueOf(JSON.readTree(answer.body()).path("code").asText());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What is wrong with the form of a refusal over HTTP; empty: nothing. */
  private static Optional<String> form(Answer answer) {
    String type = answer.header("Content-Type").orElse("");
    if (!type.startsWith(PROBLEM)) {
      return Optional.of(answer.status() + " of type \"" + type + "\": " + answer.body());
    }
    JsonNode problem;
    try {
      problem = JSON.readTree(answer.body());
    } catch (IOException e) {
      return Optional.of("no JSON: " + answer.body());
    }
    Set<String> fields = new TreeSet<>();
    problem.fieldNames().forEachRemaining(fields::add);
    if (!fields.equals(Set.of("type", "title", "status", "detail", "code"))) {
      return Optional.of("other fields: " + answer.body());
    }
    Optional<ErrorCode> code = ErrorCode.named(problem.path("code").asText());
    if (code.isEmpty()) {
      return Optional.of("unknown code: " + answer.body());
    }
    boolean right =
        answer.status() == code.get().http()
            && problem.path("status").asInt() == code.get().http()
            && problem.path("title").asText().equals(code.get().title())
            && problem.path("type").asText().equals("urn:lookalike:error:" + code.get())
            && !problem.path("detail").asText().isBlank()
            && answer.header("Retry-After").isPresent() == code.get().retryable();
    return right ? Optional.empty() : Optional.of(answer.headers() + " " + answer.body());
  }

  private record RpcAnswer(Status status, Metadata trailers) {}

  private static void expect(
      List<String> wrong, String what, RpcAnswer answer, ErrorCode... codes) {
    Optional<String> problem = form(answer);
    if (problem.isPresent()) {
      wrong.add(what + ": " + problem.get());
      return;
    }
    Set<String> names = new TreeSet<>();
    List.of(codes).forEach(code -> names.add(code.name()));
    if (answer.status().isOk() || !names.contains(info(answer).getReason())) {
      wrong.add(what + ": " + answer.status());
    }
  }

  /** The same of a refusal over gRPC. */
  private static Optional<String> form(RpcAnswer answer) {
    if (answer.status().isOk()) {
      return Optional.empty();
    }
    ErrorInfo info = info(answer);
    Optional<ErrorCode> code = ErrorCode.named(info.getReason());
    if (code.isEmpty() || !info.getDomain().equals("lookalike")) {
      return Optional.of("no ErrorInfo of ours: " + answer.status());
    }
    boolean retry = detail(answer, RetryInfo.class).isPresent();
    boolean right =
        answer.status().getCode() == code.get().grpc() && retry == code.get().retryable();
    return right ? Optional.empty() : Optional.of(answer.status() + ", RetryInfo: " + retry);
  }

  private static ErrorInfo info(RpcAnswer answer) {
    return detail(answer, ErrorInfo.class).orElse(ErrorInfo.getDefaultInstance());
  }

  private static <M extends com.google.protobuf.Message> Optional<M> detail(
      RpcAnswer answer, Class<M> type) {
    com.google.rpc.Status status =
        StatusProto.fromStatusAndTrailers(answer.status(), answer.trailers());
    for (Any detail : status.getDetailsList()) {
      if (detail.is(type)) {
        try {
          return Optional.of(detail.unpack(type));
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return Optional.empty();
  }

  // HTTP.

  private static int port(String service) {
    return Objects.requireNonNull(PORTS.get(service));
  }

  private static Answer send(Endpoint endpoint, String query) {
    return send(
        endpoint.service(),
        endpoint.method(),
        endpoint.filled() + query,
        endpoint.takesBody()
            ? Map.of("Content-Type", endpoint.takesImage() ? "image/jpeg" : "application/json")
            : Map.of(),
        endpoint.takesBody() ? "{}".getBytes(UTF_8) : null);
  }

  private static Answer send(Endpoint endpoint, Map<String, String> headers, byte[] body) {
    return send(
        endpoint.service(),
        endpoint.method(),
        endpoint.filled(),
        headers,
        endpoint.takesBody() ? body : null);
  }

  private static Answer send(
      String service,
      String method,
      String path,
      Map<String, String> headers,
      byte @org.jspecify.annotations.Nullable [] body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port(service) + path))
            .timeout(Duration.ofSeconds(60))
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    headers.forEach(request::header);
    try {
      HttpResponse<String> response =
          HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), response.headers().map(), response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(method + " " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static byte[] head(Endpoint endpoint, String type, long length) {
    return "%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
        .formatted(endpoint.method(), endpoint.filled(), type, length)
        .getBytes(US_ASCII);
  }

  /** Says how long a body is, sends little of it, and reads the answer. */
  private static Answer declare(Endpoint endpoint, String type, long length) {
    try (Socket socket = new Socket("127.0.0.1", port(endpoint.service()))) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(head(endpoint, type, length));
      socket.getOutputStream().write(new byte[100]);
      socket.getOutputStream().flush();
      return readAnswer(socket).orElse(new Answer(0, Map.of(), "no answer"));
    } catch (IOException e) {
      throw new UncheckedIOException(endpoint.toString(), e);
    }
  }

  /** An answer with a declared length; empty where none comes in time. */
  private static Optional<Answer> readAnswer(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    try {
      while (!head.toString(US_ASCII).endsWith("\r\n\r\n")) {
        int next = in.read();
        if (next < 0) {
          return Optional.of(new Answer(0, Map.of(), "closed without an answer"));
        }
        head.write(next);
      }
    } catch (java.net.SocketTimeoutException e) {
      return Optional.empty();
    }
    String[] lines = head.toString(US_ASCII).split("\r\n");
    Map<String, List<String>> headers = new HashMap<>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      headers.put(lines[i].substring(0, colon), List.of(lines[i].substring(colon + 1).strip()));
    }
    Answer bare = new Answer(Integer.parseInt(lines[0].split(" ")[1]), headers, "");
    int length = bare.header("Content-Length").map(Integer::parseInt).orElse(0);
    return Optional.of(
        new Answer(bare.status(), headers, new String(in.readNBytes(length), UTF_8)));
  }

  private static byte[] zipped(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  // gRPC.

  private interface MethodWalk {
    void walk(String service, String name, MethodDescriptor method);
  }

  private static void walkMethods(MethodWalk walk) {
    int[] walked = new int[1];
    FILES.forEach(
        (service, file) ->
            file.getServices()
                .forEach(
                    each ->
                        each.getMethods()
                            .forEach(
                                method -> {
                                  walked[0]++;
                                  walk.walk(
                                      service, each.getFullName() + "/" + method.getName(), method);
                                })));
    assertThat(walked[0]).isGreaterThan(25);
  }

  private static @org.jspecify.annotations.Nullable FieldDescriptor collectionField(
      MethodDescriptor method) {
    FieldDescriptor byName = method.getInputType().findFieldByName("collection");
    return byName != null ? byName : method.getInputType().findFieldByName("collection_id");
  }

  /** A message whose one field is known to nobody. */
  private static byte[] padded(int bytes) {
    return DynamicMessage.newBuilder(com.google.protobuf.Empty.getDescriptor())
        .setUnknownFields(
            com.google.protobuf.UnknownFieldSet.newBuilder()
                .addField(
                    50_000,
                    com.google.protobuf.UnknownFieldSet.Field.newBuilder()
                        .addLengthDelimited(ByteString.copyFrom(new byte[bytes]))
                        .build())
                .build())
        .build()
        .toByteArray();
  }

  private static RpcAnswer call(String service, String method, byte[] message, boolean zipped) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS);
    ClientCall<byte[], byte[]> call =
        Objects.requireNonNull(CHANNELS.get(service))
            .newCall(
                io.grpc.MethodDescriptor.<byte[], byte[]>newBuilder()
                    .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
                    .setFullMethodName(method)
                    .setRequestMarshaller(BYTES)
                    .setResponseMarshaller(BYTES)
                    .build(),
                zipped ? options.withCompression("gzip") : options);
    CompletableFuture<RpcAnswer> ended = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            ended.complete(new RpcAnswer(status, trailers));
          }
        },
        new Metadata());
    call.request(2);
    call.sendMessage(message);
    call.halfClose();
    return ended.orTimeout(70, TimeUnit.SECONDS).join();
  }

  private static final io.grpc.MethodDescriptor.Marshaller<byte[]> BYTES =
      new io.grpc.MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] bytes) {
          return new ByteArrayInputStream(bytes);
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
}
