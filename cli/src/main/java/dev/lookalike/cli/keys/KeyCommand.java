package dev.lookalike.cli.keys;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.access.AccessKey;
import dev.lookalike.access.Grant;
import dev.lookalike.access.KeyFile;
import dev.lookalike.access.KeyText;
import dev.lookalike.access.Role;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.home.HomeLock;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike key}. */
@Command(
    name = "key",
    description = {
      "Access keys: who may do what, in which collection.",
      "",
      "A home without keys requires none. After the first key is created, everyone needs one from"
          + " the next `up` on; the home owner's commands keep working with their own key. More:"
          + " docs/access.md."
    },
    subcommands = {KeyCommand.Create.class, KeyCommand.ListAll.class, KeyCommand.Revoke.class})
public final class KeyCommand {

  /** Which key file to use. */
  static final class Where {
    @Option(
        names = "--home",
        paramLabel = "DIR",
        description = "Directory of the state; default: $$LOOKALIKE_HOME, else ~/.lookalike.")
    private @Nullable Path home;

    @Option(
        names = "--file",
        paramLabel = "FILE",
        description = "Another key file instead of the home's, for example of a cluster.")
    private @Nullable Path file;

    @Option(names = "--json", description = "Print one line of JSON, for scripts.")
    private boolean json;

    Optional<Path> elsewhere() {
      return Optional.ofNullable(file);
    }

    Home home() {
      return new Home(home == null ? Home.defaultDirectory() : home);
    }
  }

  /** {@code lookalike key create}. */
  @Command(
      name = "create",
      description = {
        "Creates a key and prints it once: only its hash is stored.",
        "",
        "Roles: reader (search, get, list, export, status, content), writer (also put, patch,"
            + " delete), admin (also delete collections; with --collection '*' also create and"
            + " rename them)."
      },
      footer = {
        "",
        "Examples:",
        "  lookalike key create --role reader --collection shop --name frontend",
        "  lookalike key create --role admin --collection '*' --expires 90d",
        "  lookalike key create --role reader --collection '*' --file keys.json   for a cluster"
      })
  static final class Create implements Callable<Integer> {
    private static final Pattern SPAN = Pattern.compile("([1-9][0-9]{0,4})([mhd])");

    @Mixin private Where where = new Where();

    @Option(
        names = "--role",
        required = true,
        paramLabel = "ROLE",
        description = "reader, writer or admin.")
    private String role = "";

    @Option(
        names = {"-c", "--collection"},
        required = true,
        paramLabel = "NAME",
        description = "Name of a collection, or '*' for all; may be given several times.")
    private List<String> collections = List.of();

    @Option(names = "--name", paramLabel = "TEXT", description = "What the key is for.")
    private String name = "";

    @Option(
        names = "--expires",
        paramLabel = "TIME",
        description =
            "When the key expires: in 90d, 12h or 30m, or at 2027-01-31T12:00:00Z; default: never.")
    private @Nullable String expires;

    @Override
    public Integer call() {
      Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
      KeyText text = KeyText.random();
      AccessKey key;
      try {
        Role known =
            Role.of(role)
                .orElseThrow(
                    () -> new IllegalArgumentException("--role must be reader, writer or admin"));
        List<Grant> grants = collections.stream().map(c -> new Grant(c, known)).toList();
        key =
            AccessKey.of(
                text, name, grants, now, Optional.ofNullable(expires).map(e -> time(e, now)));
      } catch (IllegalArgumentException e) {
        throw new CommandFailure(ExitCode.USAGE, "USAGE", String.valueOf(e.getMessage()));
      }
      Optional<String> note = Optional.empty();
      if (where.elsewhere().isPresent()) {
        Path file = where.elsewhere().get();
        try (KeyFile.Turn turn = HomeKeys.turn(file)) {
          List<AccessKey> keys =
              new ArrayList<>(Files.exists(file) ? HomeKeys.read(file) : List.of());
          keys.add(key);
          write(file, keys);
        }
      } else {
        Home home = where.home();
        home.open();
        HomeKeys homeKeys = new HomeKeys(home);
        boolean first = !homeKeys.inUse();
        homeKeys.add(key);
        if (first && HomeLock.isTaken(home)) {
          note =
              Optional.of(
                  "the running system requires no keys yet; restart it: lookalike down, lookalike"
                      + " up");
        }
      }
      if (where.json) {
        Terminal.SYSTEM.json(described(key).put("key", text.secret()));
      } else {
        Terminal.SYSTEM.line(text.secret());
        Terminal.SYSTEM.note(
            "key "
                + key.id()
                + ": "
                + grants(key)
                + "; it is not stored and will not be shown again");
      }
      note.ifPresent(Terminal.SYSTEM::note);
      return ExitCode.OK.number();
    }

    static Instant time(String text, Instant now) {
      Matcher span = SPAN.matcher(text);
      if (span.matches()) {
        long count = Long.parseLong(span.group(1));
        return now.plus(
            switch (span.group(2)) {
              case "m" -> Duration.ofMinutes(count);
              case "h" -> Duration.ofHours(count);
              default -> Duration.ofDays(count);
            });
      }
      try {
        Instant time = Instant.parse(text);
        if (time.isAfter(now)) {
          return time;
        }
      } catch (java.time.DateTimeException e) {
        // Told below.
      }
      throw new IllegalArgumentException(
          "--expires must be in the future, such as 90d, 12h, 30m or 2027-01-31T12:00:00Z");
    }
  }

  /** {@code lookalike key list}. */
  @Command(
      name = "list",
      description = "Lists the keys, without their secrets, which are not stored.")
  static final class ListAll implements Callable<Integer> {

    @Mixin private Where where = new Where();

    @Override
    public Integer call() {
      HomeKeys home = new HomeKeys(where.home());
      List<AccessKey> keys =
          where
              .elsewhere()
              .map(HomeKeys::read)
              .orElseGet(() -> home.inUse() ? HomeKeys.read(home.file()) : List.of());
      if (where.json) {
        ObjectNode answer = Json.object();
        ArrayNode nodes = answer.putArray("keys");
        keys.forEach(key -> nodes.add(described(key)));
        Terminal.SYSTEM.json(answer);
        return ExitCode.OK.number();
      }
      if (keys.isEmpty()) {
        Terminal.SYSTEM.note("no keys: anyone who can reach the ports may do everything");
        return ExitCode.OK.number();
      }
      Instant now = Instant.now();
      Table table = new Table("id", "name", "grants", "created", "expires");
      for (AccessKey key : keys) {
        table.row(
            key.id(),
            key.name(),
            grants(key),
            key.created().toString(),
            key.expires().map(Instant::toString).orElse("never")
                + (key.expired(now) ? " (expired)" : ""));
      }
      table.print(Terminal.SYSTEM);
      return ExitCode.OK.number();
    }
  }

  /** {@code lookalike key revoke}. */
  @Command(
      name = "revoke",
      description = {
        "Revokes a key; it stops working within seconds.",
        "",
        "A revoked key of the home itself is replaced by a new one."
      })
  static final class Revoke implements Callable<Integer> {

    @Mixin private Where where = new Where();

    @Parameters(paramLabel = "ID", description = "Id of the key, as shown by `lookalike key list`.")
    private String id = "";

    @Override
    public Integer call() {
      boolean found;
      if (where.elsewhere().isPresent()) {
        Path file = where.elsewhere().get();
        try (KeyFile.Turn turn = HomeKeys.turn(file)) {
          List<AccessKey> keys = new ArrayList<>(HomeKeys.read(file));
          found = keys.removeIf(key -> key.id().equals(id));
          if (found) {
            write(file, keys);
          }
        }
      } else {
        found = new HomeKeys(where.home()).remove(id);
      }
      if (!found) {
        throw new CommandFailure(ExitCode.NOT_FOUND, "KEY_NOT_FOUND", "no key " + id);
      }
      if (where.json) {
        Terminal.SYSTEM.json(Json.object().put("revoked", id));
      } else {
        Terminal.SYSTEM.line("revoked " + id);
      }
      return ExitCode.OK.number();
    }
  }

  private static void write(Path file, List<AccessKey> keys) {
    try {
      KeyFile.write(file, keys);
    } catch (IOException e) {
      throw HomeKeys.unwritable(file, e);
    }
  }

  private static String grants(AccessKey key) {
    return key.grants().stream()
        .map(grant -> grant.role().word() + " in " + grant.collection())
        .collect(Collectors.joining(", "));
  }

  private static ObjectNode described(AccessKey key) {
    ObjectNode node = Json.object().put("id", key.id()).put("name", key.name());
    ArrayNode grants = node.putArray("grants");
    key.grants()
        .forEach(
            grant ->
                grants
                    .addObject()
                    .put("collection", grant.collection())
                    .put("role", grant.role().word()));
    node.put("created", key.created().toString());
    key.expires().ifPresent(expires -> node.put("expires", expires.toString()));
    return node;
  }
}
