package dev.lookalike.cli.teach;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lookalike teach}. */
@Command(
    name = "teach",
    description = {
      "Learns the labels of a collection from the images that users have labelled; from then on new"
          + " images without a label are labelled automatically, and with --existing also existing"
          + " ones.",
      "",
      "The classifier is a multinomial logistic regression on the embeddings. It learns from images"
          + " with exactly one user label; classes with fewer than --min-images are left out. User"
          + " labels are never changed, and hide the classifier's. Teaching again replaces the"
          + " classifier."
    },
    footer = {
      "",
      "What the figures mean, all on held-out images (cross-validation):",
      "  accuracy        share of images whose most probable class is right",
      "  precision       of a class: share of right ones among images predicted as it",
      "  recall          of a class: share of its images that were found",
      "  labels          precision of the assigned labels, with its 95 %% interval",
      "  coverage        share of images that get a label; the others are too uncertain, or unlike",
      "                  all taught images",
      "",
      "Examples:",
      "  lookalike import photos --collection shop --label-from-folder",
      "  lookalike teach shop --precision 0.95 --existing",
      "  lookalike list --collection shop --filter '\"dress\" in labels.taught'",
      "  lookalike teach show shop",
      "  lookalike teach remove shop",
      "More: docs/teaching.md"
    },
    subcommands = {TeachShowCommand.class, TeachListCommand.class, TeachRemoveCommand.class})
public final class TeachCommand implements Callable<Integer> {

  /** Largest number of bytes of weights and references: the service's default. */
  private static final int LARGEST = 6 << 20;

  @Mixin private Target target = new Target();

  @Parameters(
      arity = "0..1",
      paramLabel = "COLLECTION",
      defaultValue = "default",
      description = "Name of the collection; default: ${DEFAULT-VALUE}.")
  private String collection = "default";

  @Option(
      names = "--precision",
      paramLabel = "P",
      description =
          "Share of assigned labels that must be right on held-out images; 0: always assign. Default: 0.95.")
  private double precision = 0.95;

  @Option(
      names = "--gate",
      paramLabel = "SHARE",
      description =
          "Share of held-out images that the gate turns away as unlike all taught ones; 0: no gate. Default: 0.01.")
  private double gate = 0.01;

  @Option(names = "--existing", description = "Also label existing images.")
  private boolean existing;

  @Option(names = "--dry-run", description = "Only measure; do not change the collection.")
  private boolean dryRun;

  @Option(
      names = "--min-images",
      paramLabel = "N",
      description = "Leave out classes with fewer images, 2 or more; default: 5.")
  private int minImages = 5;

  @Option(
      names = "--per-class",
      paramLabel = "N",
      description = "Use at most this many images of each class; default: all.")
  private int perClass = Integer.MAX_VALUE;

  @Option(
      names = "--max-images",
      paramLabel = "N",
      description = "Use at most this many images; default: 20000. All are held in memory.")
  private int maxImages = 20_000;

  @Option(
      names = "--references",
      paramLabel = "N",
      description = "Largest number of taught images with which the gate compares; default: 2000.")
  private int references = 2000;

  @Option(
      names = "--folds",
      paramLabel = "N",
      description = "Folds of the cross-validation; default: 5.")
  private int folds = 5;

  @Option(
      names = "--picture",
      paramLabel = "FILE",
      description =
          "Write the confusion matrix to this file; default: taught/COLLECTION.png in the home.")
  private @Nullable Path picture;

  @Option(
      names = "--patience",
      paramLabel = "SECONDS",
      description = "Give up after this long without progress; default: 60.")
  private int patience = 60;

  @Override
  public Integer call() throws IOException {
    checkUsage();
    CollectionOption where = CollectionOption.of(collection);
    JsonNode about = Rest.require(target.rest().send("GET", target.ingest(where.path(""))));
    String build = about.path("build").path("id").asText();
    if (build.isEmpty()) {
      throw new CommandFailure(
          ExitCode.REFUSED,
          "NOT_BOUND",
          "collection " + collection + " has no model yet, and so no embeddings");
    }
    LabelledImages images =
        LabelledImages.read(
            target, where, new LabelledImages.Choice(minImages, perClass, maxImages));
    noteLeftOut(images);
    Publication publication = new Publication(target, where, Duration.ofSeconds(patience));
    // Checked before the training, which would be wasted otherwise.
    String before = dryRun ? "" : Publication.taughtAt(publication.now());
    Lesson lesson = learn(images);
    Path file = picture == null ? defaultPicture(about.path("name").asText()) : picture;
    boolean drawn = draw(file, lesson);
    Optional<JsonNode> applied =
        dryRun ? Optional.empty() : Optional.of(publish(publication, before, where, build, lesson));
    if (target.json()) {
      ObjectNode json = lesson.json();
      json.put("collection", about.path("name").asText());
      json.put("picture", drawn ? file.toString() : null);
      json.set("left_out_classes", counts(images.tooFew()));
      json.put("left_out_images", images.ambiguous());
      json.set("published", applied.orElse(null));
      Terminal.SYSTEM.json(json);
    } else {
      print(lesson);
      if (drawn) {
        Terminal.SYSTEM.note("confusion matrix: " + file);
      }
      applied.ifPresentOrElse(
          TeachCommand::printApplied, () -> Terminal.SYSTEM.line("not published"));
    }
    boolean used = applied.map(each -> each.path("state").asText().equals("applied")).orElse(true);
    return (used ? ExitCode.OK : ExitCode.REFUSED).number();
  }

  private void checkUsage() {
    require(
        precision >= 0 && precision < 1,
        "--precision must be at least 0 and below 1, such as 0.95");
    require(gate >= 0 && gate < 0.5, "--gate must be at least 0 and below 0.5, such as 0.01");
    require(minImages >= 2 && perClass >= 2, "--min-images and --per-class must be at least 2");
    require(folds >= 2 && references >= 1, "--folds must be at least 2, --references at least 1");
    require(
        maxImages >= 10 && patience >= 1,
        "--max-images must be at least 10, --patience at least 1");
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new CommandFailure(ExitCode.USAGE, "USAGE", otherwise);
    }
  }

  private Lesson learn(LabelledImages images) {
    LabelledVectors vectors = images.vectors();
    if (vectors.classes().size() < 2) {
      throw new CommandFailure(
          ExitCode.REFUSED,
          "TOO_FEW_LABELS",
          "only %d classes have %d or more labelled images: label more, with import --label-from-folder, put --label or patch --label"
              .formatted(vectors.classes().size(), minImages));
    }
    int smallest = vectors.size();
    for (int c = 0; c < vectors.classes().size(); c++) {
      smallest = Math.min(smallest, vectors.count(c));
    }
    int each = Math.max(2, Math.min(folds, smallest));
    int room = LARGEST / vectors.dimension() - Float.BYTES * vectors.classes().size();
    if (room < 1) {
      throw new CommandFailure(
          ExitCode.REFUSED,
          "TOO_MANY_CLASSES",
          "%d classes of %d dimensions are too many for a classifier; see --min-images"
              .formatted(vectors.classes().size(), vectors.dimension()));
    }
    int known = Math.min(references, room);
    CrossValidation validation =
        CrossValidation.of(
            vectors,
            each,
            known,
            (l2, accuracy) ->
                Terminal.SYSTEM.note("regularisation %.0e: accuracy %.3f".formatted(l2, accuracy)));
    Abstention abstention =
        Abstention.choose(validation.judged(), precision, gate)
            .orElseThrow(
                () ->
                    new CommandFailure(
                        ExitCode.REFUSED,
                        "PRECISION_NOT_REACHED",
                        "no threshold reaches a precision of %.3f on held-out images (accuracy %.3f): label more images, or lower --precision"
                            .formatted(
                                precision, CrossValidation.accuracy(validation.judged()).value())));
    return new Lesson(
        vectors,
        each,
        precision,
        validation,
        LogisticRegression.train(vectors, validation.l2()),
        gate > 0 ? Optional.of(CrossValidation.references(vectors, known)) : Optional.empty(),
        abstention,
        Abstention.expected(validation.judged(), precision, gate));
  }

  private JsonNode publish(
      Publication publication, String before, CollectionOption where, String build, Lesson lesson) {
    JsonNode answer =
        Rest.require(
            target
                .rest()
                .send(
                    "PUT",
                    target.ingest(where.path("/classifier")),
                    lesson.request(build, existing)));
    return publication.awaitApplied(answer.path("version").asText(), existing, before);
  }

  /** Returns false on a machine without fonts: teaching works there, too. */
  private static boolean draw(Path file, Lesson lesson) throws IOException {
    try {
      ConfusionPicture.write(
          file, lesson.images().classes(), lesson.confusion(), title(lesson.accuracy()));
      return true;
    } catch (RuntimeException | LinkageError | InternalError e) {
      // A JDK without fontconfig or without freetype throws one of these.
      Terminal.SYSTEM.note("no confusion matrix: this machine has no fonts: " + e.getMessage());
      return false;
    }
  }

  private Path defaultPicture(String name) {
    return target.home().directory().resolve("taught").resolve(name + ".png");
  }

  private static String title(Proportion accuracy) {
    return String.format(
        Locale.ROOT,
        "accuracy %.3f on %d held-out images; rows: true class, columns: predicted class",
        accuracy.value(),
        accuracy.trials());
  }

  private static void noteLeftOut(LabelledImages images) {
    if (!images.tooFew().isEmpty()) {
      Terminal.SYSTEM.note(
          "left out because of too few images: "
              + images.tooFew().entrySet().stream()
                  .map(each -> each.getKey() + " (" + each.getValue() + ")")
                  .collect(Collectors.joining(", ")));
    }
    if (images.ambiguous() > 0) {
      Terminal.SYSTEM.note("left out because of several labels: " + images.ambiguous() + " images");
    }
  }

  private static ObjectNode counts(Map<String, Integer> classes) {
    ObjectNode counts = Json.object();
    classes.forEach(counts::put);
    return counts;
  }

  private static void print(Lesson lesson) {
    Table table = new Table("class", "images", "precision", "recall");
    lesson
        .classes()
        .forEach(
            each ->
                table.row(
                    each.name(),
                    Integer.toString(each.images()),
                    "%.3f".formatted(each.precision()),
                    "%.3f".formatted(each.recall())));
    table.print(Terminal.SYSTEM);
    Proportion accuracy = lesson.accuracy();
    Terminal.SYSTEM.line(
        "accuracy %.3f (%.3f to %.3f) on %d images, each held out once in %d folds"
            .formatted(
                accuracy.value(),
                accuracy.low(),
                accuracy.high(),
                accuracy.trials(),
                lesson.folds()));
    Proportion precision = lesson.expected().precision();
    Terminal.SYSTEM.line(
        "labels: precision %.3f (%.3f to %.3f), coverage %.3f; threshold %.3f, gate %s"
            .formatted(
                precision.value(),
                precision.low(),
                precision.high(),
                lesson.expected().coverage(),
                lesson.abstention().threshold(),
                lesson
                    .references()
                    .map(
                        known ->
                            "at %.3f to the nearest of %d"
                                .formatted(
                                    lesson.abstention().minSimilarity(), known.values().length))
                    .orElse("none")));
  }

  private static void printApplied(JsonNode applied) {
    Terminal.SYSTEM.line(
        "classifier %s: %s"
            .formatted(applied.path("version").asText(), TeachShowCommand.state(applied)));
  }
}
