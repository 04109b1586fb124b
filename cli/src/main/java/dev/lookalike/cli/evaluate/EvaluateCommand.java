package dev.lookalike.cli.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike evaluate}. */
@Command(
    name = "evaluate",
    description = {
      "Measures how well models find images of the same class, on your labelled images.",
      "",
      "A folder of labelled images has one sub-folder for each class: shoe/1.jpg, shoe/old/2.jpg,"
          + " hat/3.jpg. Each query is compared with the gallery; a hit is right if it has the"
          + " query's class. With DIR instead of --queries and --gallery, each image is a query,"
          + " compared with all the others (leave-one-out).",
      "",
      "The images are imported into a temporary collection for each model, which is deleted at the"
          + " end, even after Ctrl-C. Your collections are not touched."
    },
    footer = {
      "",
      "What the figures mean:",
      "  R@1, R@5, R@10   share of queries with an image of their class among the first 1, 5, 10",
      "  mAP              mean average precision of the full ranking: 1 if the whole class comes"
          + " first",
      "  recall@10        share of the ten exact nearest neighbours that the index finds",
      "  min similarity   the smallest similarity at which hits reach this precision, for",
      "                   `search --min-similarity`. recall: share of all same-class pairs that",
      "                   remain; coverage: share of queries with a hit; pairs: remaining hits",
      "  photo, vector    time of a search by file (upload, embedding, search) and by",
      "                   embedding, one at a time; exact: by embedding, compared with every image",
      "",
      "Identical files are one image; if their classes differ, they are left out. A query's own"
          + " copy in the",
      "gallery is left out of its ranking. Equal similarities are ordered by file hash. A query",
      "whose class is not in the gallery counts for min similarity only. More: docs/evaluation.md",
      "",
      "Example: which of two models is better for these pictures?",
      "  lookalike up --detach --model models/mobilenet-v2",
      "  lookalike evaluate --queries clothing/test --gallery clothing/train --model"
          + " mobilenet-v2,lookalike-256",
      "  lookalike evaluate photos --precision 0.9,0.99 --json | jq '.models[].recall_at'"
    })
public final class EvaluateCommand implements Callable<Integer> {

  @Mixin private Target target = new Target();

  @Option(names = "--queries", paramLabel = "DIR", description = "Labelled images to search with.")
  private List<Path> queries = List.of();

  @Option(
      names = "--gallery",
      paramLabel = "DIR",
      description = "Labelled images to search in; may be given several times, like --queries.")
  private List<Path> gallery = List.of();

  @Option(
      names = "--model",
      paramLabel = "ID",
      split = ",",
      description =
          "Id of a served model; may be given several times, for one row each. Default: the first.")
  private List<String> models = List.of();

  @Option(
      names = "--precision",
      paramLabel = "P",
      split = ",",
      description =
          "Find the similarity with this precision, above 0 and at most 1; default: 0.95.")
  private List<Double> precisions = List.of(0.95);

  @Option(
      names = "--searches",
      paramLabel = "N",
      description = "Timed searches of each kind, spread over the queries; default: 200.")
  private int searches = 200;

  @Option(
      names = "--innermost-folder",
      description =
          "The class is the folder that contains the file, not the first one below DIR: for"
              + " train/hat/1.jpg, test/hat/2.jpg.")
  private boolean innermost;

  @Option(
      names = "--short-side",
      paramLabel = "PIXELS",
      description = "Short side of stored pictures, 256 to 1024; default: 512.")
  private @Nullable Integer shortSide;

  @Option(
      names = "--patience",
      paramLabel = "SECONDS",
      description = "Give up after this long without progress; default: 120.")
  private int patience = 120;

  @Parameters(arity = "0..*", paramLabel = "DIR", description = "Leave-one-out over these images.")
  private List<Path> folders = List.of();

  @Override
  public Integer call() throws IOException, InterruptedException {
    checkUsage();
    List<String> wanted = wantedModels();
    boolean leaveOneOut = !folders.isEmpty();
    LabelledFolders searched = LabelledFolders.read(leaveOneOut ? folders : gallery, innermost);
    Optional<LabelledFolders> asked =
        leaveOneOut ? Optional.empty() : Optional.of(LabelledFolders.read(queries, innermost));
    require(searched, leaveOneOut ? 2 : 1, leaveOneOut ? folders : gallery);
    if (asked.isPresent()) {
      require(asked.get(), 1, queries);
    }
    ModelTrial.Plan plan =
        new ModelTrial.Plan(
            searched.images(),
            asked.map(LabelledFolders::images),
            searches,
            shortSide == null ? OptionalInt.empty() : OptionalInt.of(shortSide),
            Duration.ofSeconds(patience));
    List<ModelReport> reports = new ArrayList<>();
    for (String model : wanted) {
      reports.add(new ModelTrial(target, model, plan).run());
    }
    EvaluationReport report =
        new EvaluationReport(searched, asked, copies(searched, asked), precisions, reports);
    if (target.json()) {
      Terminal.SYSTEM.json(report.json());
    } else {
      report.note(Terminal.SYSTEM);
      report.print(Terminal.SYSTEM);
    }
    boolean pending = reports.stream().anyMatch(r -> r.gallery().pending() > 0);
    return (pending ? ExitCode.PENDING : ExitCode.OK).number();
  }

  private void checkUsage() {
    if (folders.isEmpty()
        ? queries.isEmpty() || gallery.isEmpty()
        : !queries.isEmpty() || !gallery.isEmpty()) {
      throw usage("give either --queries DIR and --gallery DIR, or only DIR");
    }
    for (double precision : precisions) {
      if (!(precision > 0 && precision <= 1)) {
        throw usage("--precision must be above 0 and at most 1, such as 0.95");
      }
    }
    if (searches < 1 || patience < 1) {
      throw usage("--searches and --patience must be at least 1");
    }
    for (List<Path> given : List.of(folders, queries, gallery)) {
      for (Path folder : given) {
        if (!Files.isDirectory(folder)) {
          throw new CommandFailure(ExitCode.USAGE, "NO_FOLDER", "no such folder: " + folder);
        }
      }
    }
  }

  private static CommandFailure usage(String message) {
    return new CommandFailure(ExitCode.USAGE, "USAGE", message);
  }

  private static void require(LabelledFolders folders, int images, List<Path> roots) {
    if (folders.images().size() < images) {
      throw new CommandFailure(
          ExitCode.USAGE,
          "NO_LABELLED_IMAGES",
          "%d labelled files in %s: put the images of each class into a sub-folder with its name"
              .formatted(
                  folders.images().size(),
                  roots.stream().map(Path::toString).collect(Collectors.joining(", "))));
    }
  }

  /**
   * Checked before any upload: otherwise a misspelt last model would waste the time of the first.
   */
  private List<String> wantedModels() {
    JsonNode answer = Rest.require(target.rest().send("GET", target.embed("/v1/models")));
    Set<String> served = new LinkedHashSet<>();
    answer.path("models").forEach(each -> served.add(each.path("model").path("id").asText()));
    Set<String> wanted = new LinkedHashSet<>(models);
    if (served.isEmpty()) {
      throw new CommandFailure(ExitCode.REFUSED, "MODEL_NOT_SERVED", "no model is served");
    }
    if (wanted.isEmpty()) {
      wanted.add(served.iterator().next());
    }
    for (String model : wanted) {
      if (!served.contains(model)) {
        throw new CommandFailure(
            ExitCode.REFUSED,
            "MODEL_NOT_SERVED",
            "model %s is not served; served models: %s"
                .formatted(model, String.join(", ", served)));
      }
    }
    return List.copyOf(wanted);
  }

  private static int copies(LabelledFolders gallery, Optional<LabelledFolders> queries) {
    if (queries.isEmpty()) {
      return 0;
    }
    Set<String> contents =
        gallery.images().stream().map(LabelledImage::content).collect(Collectors.toSet());
    return (int)
        queries.get().images().stream().filter(q -> contents.contains(q.content())).count();
  }
}
