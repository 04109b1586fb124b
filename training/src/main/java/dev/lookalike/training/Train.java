package dev.lookalike.training;

import dev.lookalike.training.TrainingFailure.Code;
import java.awt.Font;
import java.io.Console;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code lookalike train}, in its own process. */
@Command(
    name = "lookalike train",
    description = {
      "Trains a small convolutional network on labelled images, evaluates it, and writes it as a"
          + " model folder, which a running system serves at once.",
      "",
      "The network: convolution 3x3x32, pool, convolution 3x3x64, pool, convolution 3x3x64, dense"
          + " 64 (the embedding), dense with one output for each class."
    },
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    footer = {
      "",
      "Examples:",
      "  lookalike train digits                          digits rendered from this machine's fonts",
      "  lookalike train idx ~/mnist --augment signs     train-images-idx3-ubyte and so on",
      "  lookalike train folder ~/flowers                one sub-folder for each class",
      "",
      "Exit codes: 0 done; 1 failed; 2 wrong command line, file or folder; 130 interrupted."
    },
    subcommands = {Train.Digits.class, Train.Idx.class, Train.Folder.class})
public final class Train {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");

  /** Images shown in the default number of epochs: the article's 5 times MNIST's 60,000. */
  private static final int SHOWN = 300_000;

  private static final int LEAST_EPOCHS = 5;
  private static final int MOST_EPOCHS = 60;

  private Train() {}

  /** Ends the process with the exit code of the command. */
  public static void main(String[] args) {
    Console console = System.console();
    System.exit(run(System.out, System.err, console != null && console.isTerminal(), args));
  }

  /**
   * Runs one command.
   *
   * @param interactive whether {@code out} is a terminal
   * @return the exit code
   */
  static int run(PrintStream out, PrintStream err, boolean interactive, String... args) {
    // DJL reads these when it is loaded: it must not download or report anything.
    System.setProperty("java.awt.headless", "true");
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    Logger.getLogger("").setLevel(Level.WARNING);
    CommandLine line = new CommandLine(new Train());
    line.setUsageHelpWidth(100);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setOut(new java.io.PrintWriter(out, true, java.nio.charset.StandardCharsets.UTF_8));
    addHelp(line);
    for (CommandLine each : line.getSubcommands().values()) {
      addHelp(each);
      ((Common) Objects.requireNonNull(each.getCommandSpec().mixins().get("common")).userObject())
          .print(out, err, interactive);
    }
    line.setParameterExceptionHandler(
        (e, given) -> {
          err.println("lookalike: USAGE: " + e.getMessage() + " (see: lookalike train --help)");
          return 2;
        });
    line.setExecutionExceptionHandler((e, command, result) -> failed(e, err));
    return line.execute(args);
  }

  private static void addHelp(CommandLine line) {
    line.getCommandSpec()
        .addOption(
            CommandLine.Model.OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this help.")
                .build());
  }

  private static int failed(Exception e, PrintStream err) {
    if (e instanceof TrainingFailure failure) {
      err.println("lookalike: " + failure.code() + ": " + failure.getMessage());
      return switch (failure.code()) {
        case BAD_DATA, TOO_LITTLE_DATA, TOO_MUCH_DATA, NO_FONTS, OUTPUT -> 2;
        case DIVERGED, EXPORT_DIFFERS -> 1;
      };
    }
    if (System.getenv("LOOKALIKE_DEBUG") != null) {
      e.printStackTrace(err);
    }
    err.println("lookalike: INTERNAL: " + e + " (set LOOKALIKE_DEBUG=1 to see a stack trace)");
    return 1;
  }

  /** Ready-made distortions. */
  enum Augment {
    NONE(Distortion.NONE),
    SIGNS(Distortion.SIGNS),
    PHOTOGRAPHS(Distortion.PHOTOGRAPHS);

    private final Distortion distortion;

    Augment(Distortion distortion) {
      this.distortion = distortion;
    }
  }

  /** Options of all the commands. */
  static final class Common {
    @Option(
        names = "--name",
        paramLabel = "NAME",
        description = "Name of the model: lower-case letters, digits, dots, hyphens.")
    private @Nullable String name;

    @Option(
        names = "--out",
        paramLabel = "FOLDER",
        description = "Output folder; default: LOOKALIKE_HOME/models/NAME, where it is served.")
    private @Nullable Path out;

    @Option(
        names = "--epochs",
        paramLabel = "N",
        description = "How often each image is used; default: enough to show 300,000, 5 to 60.")
    private @Nullable Integer epochs;

    @Option(
        names = "--limit",
        paramLabel = "N",
        description = "Train on at most this many images, the same share of each class.")
    private @Nullable Integer limit;

    @Option(
        names = "--batch",
        paramLabel = "N",
        defaultValue = "128",
        description = "Images per step; default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(
        names = "--learning-rate",
        paramLabel = "X",
        defaultValue = "0.001",
        description = "Rate of the first step; falls to zero. Default: ${DEFAULT-VALUE}.")
    private double learningRate;

    @Option(
        names = "--augment",
        paramLabel = "KIND",
        description =
            "none, signs (rotated, sheared, scaled, shifted, elastic) or photographs (rotated,"
                + " cropped, mirrored, noisy).")
    private @Nullable Augment augment;

    @Option(
        names = "--rotate",
        paramLabel = "DEGREES",
        description = "Rotation of the augmentation, up to this in both directions.")
    private @Nullable Double rotate;

    @Option(
        names = "--crop",
        paramLabel = "SHARE",
        description = "Crop of the augmentation: share of a side that may be cut away.")
    private @Nullable Double crop;

    @Option(
        names = "--flip",
        paramLabel = "CHANCE",
        description = "Probability of mirroring in the augmentation.")
    private @Nullable Double flip;

    @Option(
        names = "--invert",
        paramLabel = "CHANCE",
        description =
            "Probability of inverting in the augmentation: 0.5 makes a model that reads both white"
                + " on black and black on white.")
    private @Nullable Double invert;

    @Option(
        names = "--seed",
        paramLabel = "N",
        defaultValue = "1",
        description = "Seed of all random choices; default: ${DEFAULT-VALUE}.")
    private long seed;

    private PrintStream output = System.out;
    private PrintStream errors = System.err;
    private boolean interactive;

    private void print(PrintStream newOutput, PrintStream newErrors, boolean terminal) {
      output = newOutput;
      errors = newErrors;
      interactive = terminal;
    }

    private TrainedFolder folder(String fallback) {
      String chosen = name == null ? fallback : name;
      if (!NAME.matcher(chosen).matches()) {
        throw new TrainingFailure(
            Code.OUTPUT,
            "not a valid model name: " + chosen + " (" + NAME.pattern() + "): give --name");
      }
      if (out != null) {
        return new TrainedFolder(out);
      }
      String home = System.getenv("LOOKALIKE_HOME");
      Path root =
          home == null || home.isEmpty()
              ? Path.of(System.getProperty("user.home"), ".lookalike")
              : Path.of(home);
      return new TrainedFolder(root.resolve("models").resolve(chosen));
    }

    private void verify() {
      require("--epochs", epochs == null || (epochs >= 1 && epochs <= 10_000), "1 to 10000");
      require("--limit", limit == null || limit >= 2, "2 or more");
      require("--batch", batch >= 1 && batch <= 10_000, "1 to 10000");
      require("--learning-rate", learningRate > 0 && learningRate <= 1, "more than 0, at most 1");
      require("--rotate", rotate == null || (rotate >= 0 && rotate <= 180), "0 to 180");
      require("--crop", crop == null || (crop >= 0 && crop <= 0.9), "0 to 0.9");
      require("--flip", flip == null || (flip >= 0 && flip <= 1), "0 to 1");
      require("--invert", invert == null || (invert >= 0 && invert <= 1), "0 to 1");
    }

    private Distortion distortion(Augment fallback) {
      Distortion distortion = (augment == null ? fallback : augment).distortion;
      if (rotate != null) {
        distortion = distortion.withRotation(rotate);
      }
      if (crop != null) {
        distortion = distortion.withCrop(crop);
      }
      if (flip != null) {
        distortion = distortion.withFlip(flip);
      }
      if (invert != null) {
        distortion = distortion.withInvert(invert);
      }
      return distortion;
    }

    /** Trains, evaluates, writes. */
    private int train(
        TrainedFolder folder,
        String data,
        LabelledImages.Parts given,
        Augment fallback,
        Optional<Path> alsoTest) {
      LabelledImages.Parts images =
          (limit == null
                  ? given
                  : new LabelledImages.Parts(given.train().limitedTo(limit, seed), given.test()))
              .checked();
      InputShape shape = images.train().shape();
      int count = images.train().count();
      int chosen =
          epochs != null
              ? epochs
              : Math.clamp(Math.ceilDiv(SHOWN, count), LEAST_EPOCHS, MOST_EPOCHS);
      Training.Settings settings =
          new Training.Settings(chosen, batch, learningRate, distortion(fallback), seed);
      output.printf(
          "%s: %d images to train on, %d to test with, %d classes, %d x %d %s; %d epochs%n",
          data,
          count,
          images.test().count(),
          images.train().classes().size(),
          shape.width(),
          shape.height(),
          shape.channels() == 1 ? "grey" : "in colour",
          chosen);
      long start = System.nanoTime();
      try (Network network = new Network(shape, images.train().classes().size(), seed)) {
        List<Training.Epoch> epochMeans =
            new Training(settings, new Progress(output, interactive)).run(network, images);
        Evaluation evaluation = epochMeans.getLast().test();
        double seconds = (System.nanoTime() - start) / 1e9;
        output.printf(Locale.ROOT, "%n%strained in %.1f s%n", evaluation.table(), seconds);
        TrainedFolder.Story story =
            new TrainedFolder.Story(data, count, settings, epochMeans, evaluation, seconds);
        double difference = folder.write(network, images.test(), story, errors);
        output.printf(
            Locale.ROOT,
            "written: %s (the graph in ONNX Runtime differs by at most %.1e)%n",
            folder.path(),
            difference);
        alsoTest.ifPresent(path -> alsoTested(network, path));
      }
      return 0;
    }

    private void alsoTested(Network network, Path path) {
      LabelledImages other = IdxFiles.folder(path, seed).test();
      if (!other.shape().equals(network.shape()) || other.classes().size() != 10) {
        throw new TrainingFailure(Code.BAD_DATA, path + ": these are not digits of 28 x 28");
      }
      output.printf(
          "%n%s:%n%s", path, Evaluation.of(other, Training.logits(network, other)).table());
    }
  }

  private static void require(String option, boolean right, String range) {
    if (!right) {
      throw new TrainingFailure(Code.BAD_DATA, option + ": " + range);
    }
  }

  /** {@code lookalike train digits}. */
  @Command(
      name = "digits",
      description = {
        "Trains on digits that are rendered from fonts and randomly distorted, and tests on digits"
            + " of fonts that were not trained on."
      })
  static final class Digits implements Callable<Integer> {
    @Mixin private Common common = new Common();

    @Option(
        names = "--fonts",
        paramLabel = "FOLDER",
        description = "Folder of ttf and otf files; default: the fonts of this machine.")
    private @Nullable Path fonts;

    @Option(
        names = "--test-fonts",
        paramLabel = "DESIGN",
        split = ",",
        description = "Designs (as listed at the start) to test with; default: a random quarter.")
    private List<String> testFonts = List.of();

    @Option(
        names = "--count",
        paramLabel = "N",
        defaultValue = "60000",
        description = "Digits to train on; default: ${DEFAULT-VALUE}.")
    private int count;

    @Option(
        names = "--test-count",
        paramLabel = "N",
        defaultValue = "10000",
        description = "Digits to test with; default: ${DEFAULT-VALUE}.")
    private int testCount;

    @Option(
        names = "--distortion",
        paramLabel = "X",
        defaultValue = "1",
        description =
            "Strength, 0 to 2; default: ${DEFAULT-VALUE}, described in training/README.md.")
    private double distortion;

    @Option(
        names = "--also-test",
        paramLabel = "FOLDER",
        description = "Also test with the idx files in this folder.")
    private @Nullable Path alsoTest;

    @Override
    public Integer call() {
      common.verify();
      require("--count", count >= 10 && count <= 1_000_000, "10 to 1000000");
      require("--test-count", testCount >= 10 && testCount <= 1_000_000, "10 to 1000000");
      require("--distortion", distortion >= 0 && distortion <= 2, "0 to 2");
      TrainedFolder folder = common.folder("digits");
      Map<String, List<Font>> train =
          new TreeMap<>(RenderedDigits.designs(Optional.ofNullable(fonts)));
      Map<String, List<Font>> test = new TreeMap<>();
      for (String design : heldOut(List.copyOf(train.keySet()))) {
        List<Font> taken = train.remove(design);
        if (taken == null) {
          throw new TrainingFailure(
              Code.NO_FONTS, "no design named " + design + "; there are " + train.keySet());
        }
        test.put(design, taken);
      }
      if (train.isEmpty()) {
        throw new TrainingFailure(
            Code.NO_FONTS,
            "no design is left to train on: all are used for testing: " + test.keySet());
      }
      common.output.println("fonts to train on: " + listed(train));
      common.output.println("fonts to test with: " + listed(test));
      Memory.check(count + (long) testCount, InputShape.DIGIT);
      LabelledImages.Parts images =
          new LabelledImages.Parts(
              new RenderedDigits(distortion, common.seed).draw(count, train.values()),
              new RenderedDigits(distortion, ~common.seed).draw(testCount, test.values()));
      return common.train(
          folder, "rendered digits", images, Augment.NONE, Optional.ofNullable(alsoTest));
    }

    private List<String> heldOut(List<String> designs) {
      if (!testFonts.isEmpty()) {
        return testFonts;
      }
      if (designs.size() < 2) {
        throw new TrainingFailure(
            Code.NO_FONTS, "needs two font designs, one of them to test with; found " + designs);
      }
      List<String> shuffled = new ArrayList<>(designs);
      Collections.shuffle(shuffled, new Random(common.seed));
      return List.copyOf(shuffled.subList(0, Math.max(1, designs.size() / 4)));
    }

    private static String listed(Map<String, List<Font>> designs) {
      List<String> names = new ArrayList<>();
      designs.forEach((name, members) -> names.add(name + " (" + members.size() + ")"));
      return String.join(", ", names);
    }
  }

  /** {@code lookalike train idx}. */
  @Command(
      name = "idx",
      description = {
        "Trains on files in the format of MNIST: train-images-idx3-ubyte, train-labels-idx1-ubyte,"
            + " and tests with t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, or else with a"
            + " seventh of the first. Each may end in .gz."
      })
  static final class Idx implements Callable<Integer> {
    @Mixin private Common common = new Common();

    @Parameters(paramLabel = "FOLDER", description = "Folder of the files.")
    private @Nullable Path folder;

    @Override
    public Integer call() {
      common.verify();
      Path given = there(folder);
      TrainedFolder target = common.folder("digits-idx");
      return common.train(
          target,
          given.toString(),
          IdxFiles.folder(given, common.seed),
          Augment.NONE,
          Optional.empty());
    }
  }

  /** {@code lookalike train folder}. */
  @Command(
      name = "folder",
      description = {
        "Trains on the images in a folder: each sub-folder is a class. If there are sub-folders"
            + " train and test (or validation, or val), the classes are in these. Grey images make"
            + " a grey model; the size follows the images."
      })
  static final class Folder implements Callable<Integer> {
    @Mixin private Common common = new Common();

    @Parameters(paramLabel = "FOLDER", description = "Folder with one sub-folder for each class.")
    private @Nullable Path folder;

    @Option(
        names = "--size",
        paramLabel = "PIXELS",
        description = "Side of the input, 18 to 224; default: the images' median, 28 to 96.")
    private @Nullable Integer size;

    @Option(
        names = "--test-share",
        paramLabel = "SHARE",
        defaultValue = "0.2",
        description =
            "Share of the images to test with, if no sub-folder says which; default:"
                + " ${DEFAULT-VALUE}.")
    private double testShare;

    @Override
    public Integer call() {
      common.verify();
      require("--test-share", testShare > 0 && testShare < 1, "between 0 and 1");
      require("--size", size == null || (size >= 18 && size <= 224), "18 to 224");
      Path given = there(folder);
      Path name = given.toAbsolutePath().normalize().getFileName();
      TrainedFolder target =
          common.folder(name == null ? "trained" : name.toString().toLowerCase(Locale.ROOT));
      LabelledImages.Parts images =
          new ImageFolder(common.errors)
              .read(given, Optional.ofNullable(size), testShare, common.seed);
      return common.train(target, given.toString(), images, Augment.PHOTOGRAPHS, Optional.empty());
    }
  }

  private static Path there(@Nullable Path folder) {
    if (folder == null || !Files.isDirectory(folder)) {
      throw new TrainingFailure(Code.BAD_DATA, "no such folder: " + folder);
    }
    return folder;
  }
}
