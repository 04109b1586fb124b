package dev.lookalike.cli.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike model}. */
@Command(
    name = "model",
    description = {
      "Models, which turn pictures into vectors. They are in the folder `models` of the home.",
      "",
      "A running system serves an added model as soon as it is loaded, without a restart."
    },
    subcommands = {
      ModelCommand.ListAll.class,
      ModelCommand.Show.class,
      ModelCommand.Add.class,
      ModelCommand.PullOne.class
    })
public final class ModelCommand {

  /** A large graph takes a while to load. */
  private static final Duration SERVED_PATIENCE = Duration.ofSeconds(90);

  private static final Duration LOOK = Duration.ofMillis(200);

  private ModelCommand() {}

  /** The models of the running system; empty if nothing is running. */
  private static Optional<ServedModels> served(Target target) {
    URI models;
    try {
      models = target.embed("/v1/models");
    } catch (CommandFailure e) {
      if (e.code().equals("NOT_RUNNING")) {
        return Optional.empty();
      }
      throw e;
    }
    return ServedModels.ask(target.rest(), models);
  }

  private static boolean isRunning(Target target) {
    return served(target).isPresent();
  }

  /** {@code lookalike model list}. */
  @Command(
      name = "list",
      description =
          "Lists served models, and refused ones with the reason; if nothing is running, the"
              + " folders.")
  static final class ListAll implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Override
    public Integer call() throws IOException {
      Optional<ServedModels> running = served(target);
      if (running.isPresent()) {
        print(running.get().answer());
      } else {
        printFolders(ModelFolders.of(target.home()));
      }
      return ExitCode.OK.number();
    }

    private void print(JsonNode answer) {
      if (target.json()) {
        Terminal.SYSTEM.json(answer);
        return;
      }
      Table table =
          new Table("model", "state", "dimension", "input", "classes", "device", "digest");
      for (JsonNode each : answer.path("models")) {
        JsonNode model = each.path("model");
        table.row(
            model.path("id").asText(),
            each.path("state").asText("served"),
            model.path("dimension").asText(),
            each.path("input_width").asText() + " x " + each.path("input_height").asText(),
            each.path("classes").asText(),
            each.path("device").asText(),
            "%.12s".formatted(model.path("digest").asText()));
      }
      table.print(Terminal.SYSTEM);
      for (JsonNode each : answer.path("refused")) {
        Terminal.SYSTEM.line(
            Terminal.SYSTEM.bad(
                "refused: " + each.path("folder").asText() + ": " + each.path("reason").asText()));
      }
    }

    private void printFolders(ModelFolders folders) throws IOException {
      ObjectNode answer = Json.object().put("running", false);
      ArrayNode nodes = answer.putArray("folders");
      Table table = new Table("model", "MiB", "pulled from", "folder");
      for (Path folder : folders.all()) {
        Optional<Pins> pins = Pins.read(folder);
        String id = ModelFolders.id(folder);
        nodes
            .addObject()
            .put("id", id)
            .put("folder", folder.toString())
            .put("bytes", ModelFolders.size(folder))
            .put("repo", pins.map(Pins::repo).orElse(""));
        table.row(
            id,
            "%.1f".formatted(ModelFolders.size(folder) / 1048576.0),
            pins.map(p -> p.repo() + "@" + "%.12s".formatted(p.commit())).orElse(""),
            folder.toString());
      }
      if (target.json()) {
        Terminal.SYSTEM.json(answer);
        return;
      }
      table.print(Terminal.SYSTEM);
      Terminal.SYSTEM.note(
          "nothing is running: these are the folders; start `up` to see whether they are served");
    }
  }

  /** {@code lookalike model show}. */
  @Command(name = "show", description = "Shows one model: its state and its folder.")
  static final class Show implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Parameters(paramLabel = "NAME", description = "Id of a model, or name of its folder.")
    private String name = "";

    @Override
    public Integer call() throws IOException {
      ModelFolders folders = ModelFolders.of(target.home());
      ObjectNode found = Json.object().put("name", name);
      Optional<ServedModels> running = served(target);
      Optional<Path> folder = folder(folders);
      String id = folder.isPresent() ? ModelFolders.id(folder.get()) : name;
      if (running.isPresent() && running.get().served(id) instanceof ObjectNode served) {
        found.set("served", served);
      }
      if (folder.isPresent()) {
        ObjectNode node =
            found
                .putObject("folder")
                .put("path", folder.get().toString())
                .put("bytes", ModelFolders.size(folder.get()));
        ArrayNode files = node.putArray("files");
        try (Stream<Path> walk = Files.walk(folder.get())) {
          for (Path file : walk.filter(Files::isRegularFile).sorted().toList()) {
            files.add(folder.get().relativize(file).toString());
          }
        }
        Optional<Pins> pins = Pins.read(folder.get());
        if (pins.isPresent()) {
          node.put("repo", pins.get().repo())
              .put("commit", pins.get().commit())
              .put("graph", pins.get().graph());
        }
        running
            .flatMap(r -> r.refusal(folder.get()))
            .ifPresent(reason -> found.put("refused", reason));
      }
      if (!found.has("served") && !found.has("folder")) {
        throw new CommandFailure(
            ExitCode.NOT_FOUND,
            "MODEL_NOT_FOUND",
            "no model " + name + "; see: lookalike model list");
      }
      if (target.json()) {
        Terminal.SYSTEM.json(found);
      } else {
        print(found);
      }
      return ExitCode.OK.number();
    }

    private Optional<Path> folder(ModelFolders folders) throws IOException {
      for (Path each : folders.all()) {
        if (each.getFileName().toString().equals(name) || ModelFolders.id(each).equals(name)) {
          return Optional.of(each);
        }
      }
      return Optional.empty();
    }

    private static void print(ObjectNode found) {
      Table table = new Table("model", found.path("name").asText());
      JsonNode served = found.path("served");
      table.row(
          "state",
          served.isObject()
              ? served.path("state").asText("served")
              : found.has("refused") ? "refused: " + found.path("refused").asText() : "not served");
      for (JsonNode part : List.of(served.path("model"), served, found.path("folder"))) {
        for (Map.Entry<String, JsonNode> field : part.properties()) {
          if (!field.getValue().isObject() && !field.getKey().equals("state")) {
            table.row(
                field.getKey().replace('_', ' '),
                field.getValue().isArray()
                    ? field.getValue().toString().replaceAll("[\\[\\]\"]", "").replace(",", ", ")
                    : field.getValue().asText());
          }
        }
      }
      table.print(Terminal.SYSTEM);
    }
  }

  /** {@code lookalike model add}. */
  @Command(
      name = "add",
      description = {
        "Copies a model folder into the home; a running system serves it at once, or the command"
            + " says why not.",
        "",
        "A folder holds model.onnx (or onnx/model.onnx) and preprocessor_config.json, as"
            + " `optimum-cli export onnx` writes them; details: docs/models.md."
      },
      footer = {
        "",
        "Examples:",
        "  optimum-cli export onnx --model facebook/dinov2-small dinov2-small",
        "  lookalike model add dinov2-small",
        "  lookalike collection create shop --model dinov2-small"
      })
  static final class Add implements Callable<Integer> {

    @Mixin private Target target = new Target();

    @Option(
        names = "--name",
        paramLabel = "NAME",
        description = "Name of the folder in the home; default: the name of the given folder.")
    private @Nullable String name;

    @Option(names = "--no-wait", description = "Return when the folder is copied.")
    private boolean noWait;

    @Parameters(paramLabel = "FOLDER", description = "The model folder.")
    private Path from = Path.of("");

    @Override
    public Integer call() throws IOException {
      Path source = from.toAbsolutePath().normalize();
      ModelFolders.requireModel(source);
      String chosen =
          ModelFolders.checked(
              name == null ? ModelFolders.suggested(source.getFileName().toString()) : name);
      Home home = target.home();
      home.open();
      Path folder = ModelFolders.of(home).add(source, chosen);
      return told(target, folder, noWait, Json.object());
    }
  }

  /** {@code lookalike model pull}. */
  @Command(
      name = "pull",
      description = {
        "Downloads a model from a hub into the home, over HTTPS; a running system serves it at"
            + " once.",
        "",
        "After an interruption the same command continues. Files are checked against the SHA-256"
            + " stated by the hub and pinned in lookalike-pull.json: a second pull of the same"
            + " revision checks the folder against it.",
        "The hub is --hub, else $$LOOKALIKE_HUB, else https://huggingface.co. A token for private"
            + " and gated models comes from $$LOOKALIKE_HUB_TOKEN, else $$HF_TOKEN, and goes only"
            + " to the hub's own host. $$HTTPS_PROXY and $$NO_PROXY are respected."
      },
      footer = {
        "",
        "Examples:",
        "  lookalike model pull Xenova/dinov2-small",
        "  lookalike model pull Xenova/dinov2-small --variant fp16 --name dinov2-small-fp16",
        "  lookalike model pull Xenova/clip-vit-base-patch32 --file onnx/vision_model.onnx"
      })
  static final class PullOne implements Callable<Integer> {

    private static final String PUBLIC_HUB = "https://huggingface.co";

    @Mixin private Target target = new Target();

    @Option(names = "--hub", paramLabel = "URL", description = "Address of the hub.")
    private @Nullable String hub;

    @Option(
        names = "--revision",
        paramLabel = "REVISION",
        defaultValue = "main",
        description = "Branch, tag or commit; default: ${DEFAULT-VALUE}.")
    private String revision = "main";

    @Option(
        names = "--variant",
        paramLabel = "VARIANT",
        description = "For model_VARIANT.onnx, such as fp16, quantized or int8.")
    private @Nullable String variant;

    @Option(
        names = "--file",
        paramLabel = "PATH",
        description = "The graph's own path in the repository, instead of a variant.")
    private @Nullable String file;

    @Option(
        names = "--name",
        paramLabel = "NAME",
        description = "Name of the folder in the home; default: repository and variant.")
    private @Nullable String name;

    @Option(
        names = "--timeout",
        paramLabel = "SECONDS",
        defaultValue = "30",
        description = "Longest wait for data from the hub; default: ${DEFAULT-VALUE}.")
    private int timeout = 30;

    @Option(names = "--no-wait", description = "Return when the model is downloaded.")
    private boolean noWait;

    @Parameters(paramLabel = "REPO", description = "OWNER/NAME at the hub.")
    private String repo = "";

    @Override
    public Integer call() throws IOException {
      if (!repo.matches("([A-Za-z0-9][A-Za-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*")) {
        throw new CommandFailure(
            ExitCode.USAGE, "USAGE", "a repository must be OWNER/NAME, not " + repo);
      }
      if (variant != null && file != null) {
        throw new CommandFailure(ExitCode.USAGE, "USAGE", "give either --variant or --file");
      }
      if (timeout < 1 || timeout > 3600) {
        throw new CommandFailure(ExitCode.USAGE, "USAGE", "--timeout must be 1 to 3600");
      }
      String chosen =
          ModelFolders.checked(
              name == null
                  ? ModelFolders.suggested(
                      HubModel.lastPart(repo) + (variant == null ? "" : "-" + variant))
                  : name);
      Home home = target.home();
      home.open();
      URI address = address();
      Hub source =
          new Hub(
              address,
              environment("LOOKALIKE_HUB_TOKEN").or(() -> environment("HF_TOKEN")),
              HubProxy.of(System.getenv()),
              Duration.ofSeconds(timeout),
              Duration.ofSeconds(1));
      Pull.Pulled pulled =
          new Pull(source, address.toString(), ModelFolders.of(home), Terminal.SYSTEM::note)
              .pull(
                  new Pull.Wanted(
                      repo,
                      revision,
                      chosen,
                      Optional.ofNullable(variant),
                      Optional.ofNullable(file)));
      Terminal.SYSTEM.note(
          (pulled.fresh()
                  ? "pulled %s at commit %.12s, %d files"
                  : "%s is unchanged since it was pulled: commit %.12s, %d files")
              .formatted(repo, pulled.pins().commit(), pulled.pins().files().size()));
      return told(
          target,
          pulled.folder(),
          noWait,
          Json.object()
              .put("repo", repo)
              .put("commit", pulled.pins().commit())
              .put("pulled", pulled.fresh()));
    }

    private URI address() {
      String text = hub != null ? hub : environment("LOOKALIKE_HUB").orElse(PUBLIC_HUB);
      try {
        return URI.create(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
      } catch (IllegalArgumentException e) {
        throw new CommandFailure(ExitCode.USAGE, "USAGE", "not the address of a hub: " + text);
      }
    }

    private static Optional<String> environment(String variable) {
      return Optional.ofNullable(System.getenv(variable)).filter(value -> !value.isBlank());
    }
  }

  /** Waits until a running system has accepted or refused a folder, and reports it. */
  private static int told(Target target, Path folder, boolean noWait, ObjectNode answer)
      throws IOException {
    String id = ModelFolders.id(folder);
    answer.put("id", id).put("folder", folder.toString());
    String state = "not running";
    if (noWait) {
      state = "added";
    } else if (isRunning(target)) {
      state = awaitServed(target, folder, id);
    }
    answer.put("state", state);
    if (target.json()) {
      Terminal.SYSTEM.json(answer);
      return exit(state);
    }
    switch (state) {
      case "served" ->
          Terminal.SYSTEM.line(
              id + " is served; next: lookalike collection create NAME --model " + id);
      case "not running" ->
          Terminal.SYSTEM.line(id + " is in the home; the next `lookalike up` serves it");
      case "added" -> Terminal.SYSTEM.line(id + " is in the home");
      default ->
          Terminal.SYSTEM.line(
              id + " is in the home, but not served yet; see: lookalike model show " + id);
    }
    return exit(state);
  }

  private static int exit(String state) {
    return (state.equals("pending") ? ExitCode.PENDING : ExitCode.OK).number();
  }

  private static String awaitServed(Target target, Path folder, String id) {
    long deadline = System.nanoTime() + SERVED_PATIENCE.toNanos();
    while (System.nanoTime() - deadline < 0) {
      Optional<ServedModels> now = served(target);
      Optional<String> refusal = now.flatMap(s -> s.refusal(folder));
      if (refusal.isPresent()) {
        throw new CommandFailure(
            ExitCode.REFUSED,
            "MODEL_REFUSED",
            "%s is not served: %s (fix or delete %s)".formatted(id, refusal.get(), folder));
      }
      if (now.isPresent() && now.get().isServedFrom(folder, id)) {
        return "served";
      }
      try {
        Thread.sleep(LOOK);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
      }
    }
    return "pending";
  }
}
