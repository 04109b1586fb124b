package dev.lookalike.cli.machine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Addresses;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.HomeLock;
import dev.lookalike.cli.home.RunState;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lookalike status}. */
@Command(
    name = "status",
    description = {
      "Shows processes, collections with their counts and lag, and free disk space.",
      "",
      "Exit code 3: nothing is running. The field `ready` of --json says whether everything is"
          + " ready."
    })
public final class StatusCommand implements Callable<Integer> {

  private static final long MIB = 1 << 20;

  @Mixin private Target target = new Target();

  private final Terminal terminal = Terminal.SYSTEM;

  @Override
  public Integer call() throws IOException {
    Home home = target.home();
    ObjectNode status = describe(home);
    if (target.json()) {
      terminal.json(status);
    } else {
      print(status);
    }
    return (status.path("running").asBoolean() ? ExitCode.OK : ExitCode.UNAVAILABLE).number();
  }

  private ObjectNode describe(Home home) throws IOException {
    ObjectNode status = Json.object().put("home", home.directory().toString());
    if (home.exists()) {
      home.check();
    }
    Optional<RunState> state =
        home.exists() && HomeLock.isTaken(home) ? RunState.read(home) : Optional.empty();
    status.put("running", state.isPresent());
    boolean ready = state.isPresent();
    if (state.isPresent()) {
      Addresses addresses = Addresses.of(state.get().ports());
      Map<String, URI> services =
          Map.of(
              "ingest", addresses.ingest(), "embed", addresses.embed(), "query", addresses.query());
      status.put("pid", state.get().pid());
      ArrayNode nodes = status.putArray("services");
      for (Map.Entry<String, RunState.ChildState> child : state.get().children().entrySet()) {
        ObjectNode node = nodes.addObject().put("name", child.getKey());
        URI address = services.get(child.getKey());
        Health health =
            address == null
                ? new Health(child.getValue().state().equals("ready"), child.getValue().state())
                : Health.ready(address);
        ready &= health.up();
        node.put("pid", child.getValue().pid())
            .put("state", health.up() ? "ready" : child.getValue().state())
            .put("ready", health.up())
            .put("restarts", child.getValue().restarts())
            .put("resident_bytes", residentBytes(child.getValue().pid()));
        if (!health.up()) {
          node.put("reason", health.reason());
        }
        if (address != null) {
          node.put("address", address.toString());
        }
      }
      describeCollections(status, addresses);
    }
    status.put("ready", ready);
    if (home.exists()) {
      DiskSpace space = DiskSpace.of(home);
      ObjectNode disk =
          status
              .putObject("disk")
              .put("usable_bytes", space.usable())
              .put("kafka_bytes", Home.size(home.kafka()))
              .put("blobs_bytes", Home.size(home.blobs()))
              .put("index_bytes", Home.size(home.index()))
              .put("logs_bytes", Home.size(home.logs()));
      space.warning(home).ifPresent(w -> disk.put("warning", w));
    }
    return status;
  }

  private void describeCollections(ObjectNode status, Addresses addresses) {
    Rest rest = target.rest();
    ArrayNode nodes = status.putArray("collections");
    if (rest.send("GET", URI.create(addresses.ingest() + "/v1/collections"))
        instanceof Answer.Ok(JsonNode known)) {
      for (JsonNode collection : known.path("collections")) {
        String name = collection.path("name").asText();
        ObjectNode node = nodes.addObject().put("name", name);
        node.put("model", collection.path("build").path("model").asText(""));
        Answer index =
            rest.send(
                "GET",
                URI.create(addresses.query() + "/v1/collections/" + Rest.escaped(name) + "/index"));
        if (index instanceof Answer.Ok(JsonNode counts)) {
          long lag = 0;
          for (JsonNode partition : counts.path("partitions")) {
            lag +=
                Math.max(
                    0, partition.path("images_end").asLong() - partition.path("applied").asLong());
          }
          node.put("searchable", counts.path("searchable").asLong())
              .put("rejected", counts.path("rejected").asLong())
              .put("deleted", counts.path("deleted").asLong())
              .put("pending", lag);
        } else if (index
            instanceof Answer.NotNow(String code, String detail, java.time.Duration after)) {
          node.put("problem", code + ": " + detail);
        } else if (index instanceof Answer.Refused(int http, String code, String detail)) {
          node.put("problem", code + ": " + detail);
        }
      }
      UnservedCollections.of(rest, addresses)
          .forEach(line -> status.withArray("warnings").add(line));
    }
  }

  /** Resident set of a process in bytes, from /proc; 0 if unknown. */
  private static long residentBytes(long pid) {
    try {
      return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  private void print(ObjectNode status) {
    if (!status.path("running").asBoolean()) {
      terminal.line(
          "nothing is running in "
              + status.path("home").asText()
              + "; start it with: lookalike up");
    } else {
      Table processes = new Table("process", "state", "pid", "MiB", "restarts", "address");
      for (JsonNode p : status.path("services")) {
        processes.row(
            p.path("name").asText(),
            p.path("state").asText()
                + (p.path("ready").asBoolean() ? "" : " (" + p.path("reason").asText() + ")"),
            p.path("pid").asText(),
            Long.toString(p.path("resident_bytes").asLong() / MIB),
            p.path("restarts").asText(),
            p.path("address").asText(""));
      }
      processes.print(terminal);
      terminal.line("");
      Table collections =
          new Table("collection", "model", "searchable", "rejected", "deleted", "pending");
      for (JsonNode c : status.path("collections")) {
        if (c.has("problem")) {
          collections.row(
              c.path("name").asText(),
              c.path("model").asText(),
              "?",
              "?",
              "?",
              c.path("problem").asText());
        } else {
          collections.row(
              c.path("name").asText(),
              c.path("model").asText().isEmpty() ? "(none yet)" : c.path("model").asText(),
              c.path("searchable").asText(),
              c.path("rejected").asText(),
              c.path("deleted").asText(),
              c.path("pending").asText());
        }
      }
      collections.print(terminal);
      status.path("warnings").forEach(w -> terminal.line(terminal.bad(w.asText())));
    }
    if (status.has("disk")) {
      JsonNode disk = status.path("disk");
      terminal.line("");
      terminal.line(
          "disk: %s used by the log, %s by originals, %s by the index; %s free"
              .formatted(
                  size(disk.path("kafka_bytes").asLong()),
                  size(disk.path("blobs_bytes").asLong()),
                  size(disk.path("index_bytes").asLong()),
                  size(disk.path("usable_bytes").asLong())));
      if (disk.has("warning")) {
        terminal.line(terminal.bad(disk.path("warning").asText()));
      }
    }
  }

  private static String size(long bytes) {
    return bytes >= 1L << 30
        ? "%.1f GiB".formatted((double) bytes / (1L << 30))
        : "%.1f MiB".formatted((double) bytes / MIB);
  }
}
