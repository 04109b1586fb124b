package dev.lookalike.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.training.Trainer;
import ai.djl.training.tracker.Tracker;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole process on a small scale: data, training, evaluation, a folder, and its graph in ONNX
 * Runtime.
 */
class TrainTest {
  @TempDir Path folder = Path.of("");

  private record Run(int exit, String out, String err) {}

  private static Run run(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exit =
        Train.run(
            new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8), false, args);
    return new Run(exit, out.toString(UTF_8), err.toString(UTF_8));
  }

  @Test
  void renderedDigitsAreLearntAndWritten() throws Exception {
    Path model = folder.resolve("digits");
    Run run =
        run(
            "digits",
            "--count",
            "3000",
            "--test-count",
            "500",
            "--epochs",
            "4",
            "--distortion",
            "0.5",
            "--out",
            model.toString());
    assertThat(run.err()).isEmpty();
    assertThat(run.exit()).isZero();
    assertThat(run.out()).contains("epoch 4/4", "accuracy", "precision", "ETA 0:00", "written: ");
    try (Stream<Path> files = Files.list(model)) {
      assertThat(files.map(file -> String.valueOf(file.getFileName())))
          .containsExactlyInAnyOrder(
              "model.onnx",
              "preprocessor_config.json",
              "lookalike-model.json",
              "training.json",
              "confusion.png",
              "curves.png");
    }
    assertThat(ImageIO.read(model.resolve("confusion.png").toFile()).getWidth()).isGreaterThan(500);
    assertThat(ImageIO.read(model.resolve("curves.png").toFile()).getWidth()).isGreaterThan(500);
    JsonNode report = new ObjectMapper().readTree(model.resolve("training.json").toFile());
    assertThat(report.path("test").path("accuracy").asDouble()).isGreaterThan(0.8);
    assertThat(report.path("export_difference").asDouble()).isLessThan(1e-4);

    // A grey picture gives the same result in one channel and in three.
    InputShape shape = InputShape.DIGIT;
    float[] grey = new float[shape.size()];
    Random random = new Random(1);
    float[] colour = new float[3 * grey.length];
    for (int i = 0; i < colour.length; i++) {
      colour[i] = i < grey.length ? random.nextFloat() : colour[i - grey.length];
    }
    System.arraycopy(colour, 0, grey, 0, grey.length);
    try (ExportedGraph graph = new ExportedGraph(Files.readAllBytes(model.resolve("model.onnx")))) {
      Network.Output one = graph.infer(grey, shape, 1);
      assertThat(one.embedding()).hasSize(64);
      assertThat(one.logits()).hasSize(10);
      assertThat(ExportedGraph.difference(one, graph.infer(colour, shape, 3))).isLessThan(1e-5);
    }

    Run again = run("digits", "--out", model.toString());
    assertThat(again.exit()).isEqualTo(2);
    assertThat(again.err()).startsWith("lookalike: OUTPUT: ").hasLineCount(1);
  }

  @Test
  void theGraphGivesWhatTheNetworkGives() throws Exception {
    for (InputShape shape :
        List.of(InputShape.DIGIT, new InputShape(3, 32, 45), new InputShape(1, 18, 19))) {
      float[] pixels = new float[7 * shape.size()];
      Random random = new Random(2);
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = random.nextFloat();
      }
      try (Network network = new Network(shape, 5, 1);
          Trainer trainer = network.trainer(Tracker.fixed(0.001f));
          ExportedGraph graph = new ExportedGraph(OnnxExport.bytes(network))) {
        assertThat(trainer).isNotNull();
        Network.Output expected = network.infer(pixels);
        assertThat(expected.logits()).hasSize(7 * 5);
        assertThat(ExportedGraph.difference(expected, graph.infer(pixels, shape, shape.channels())))
            .isLessThan(ExportedGraph.TOLERANCE);
      }
    }
  }

  @Test
  void theNetworkIsTheArticles() {
    try (Network network = new Network(InputShape.DIGIT, 10, 1);
        Trainer trainer = network.trainer(Tracker.fixed(0.001f))) {
      assertThat(trainer).isNotNull();
      assertThat(network.weights().stream().map(weights -> weights.dimensions()))
          .containsExactly(
              new long[] {32, 1, 3, 3},
              new long[] {64, 32, 3, 3},
              new long[] {64, 64, 3, 3},
              new long[] {64, 576},
              new long[] {10, 64});
    }
  }

  @Test
  void aFolderOfPicturesDecidesShapeAndClasses() throws Exception {
    Path pictures = folder.resolve("Shapes");
    Random random = new Random(4);
    for (int i = 0; i < 40; i++) {
      BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
      Graphics2D graphics = image.createGraphics();
      graphics.setColor(i % 2 == 0 ? Color.RED : Color.BLUE);
      graphics.fillRect(random.nextInt(20), random.nextInt(15), 15, 12);
      graphics.dispose();
      Path own = Files.createDirectories(pictures.resolve(i % 2 == 0 ? "red" : "blue"));
      ImageIO.write(image, "png", own.resolve(i + ".png").toFile());
    }
    Files.writeString(pictures.resolve("red").resolve("notes.txt"), "no picture");
    Path model = folder.resolve("shapes");
    Run run =
        run(
            "folder",
            pictures.toString(),
            "--epochs",
            "15",
            "--batch",
            "8",
            "--out",
            model.toString());
    assertThat(run.exit()).as(run.err()).isZero();
    assertThat(run.err()).contains("left out: ", "notes.txt").hasLineCount(1);
    assertThat(run.out())
        .contains("32 images to train on, 8 to test with, 2 classes, 40 x 30 in colour");
    assertThat(run.out()).contains("accuracy 1.0000 on 8 images");
    JsonNode description = json(model, "lookalike-model.json");
    assertThat(description.path("labels").toString()).isEqualTo("[\"blue\",\"red\"]");
    assertThat(json(model, "preprocessor_config.json").path("size").toString())
        .isEqualTo("{\"height\":30,\"width\":40}");
  }

  private static JsonNode json(Path model, String file) throws IOException {
    return new ObjectMapper().readTree(model.resolve(file).toFile());
  }

  @Test
  void whatCannotBeTrainedOnIsOneLine() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    for (List<String> wrong :
        List.of(
            List.of("nonsense"),
            List.of("idx"),
            List.of("idx", "/no/such/folder"),
            List.of("idx", empty.toString(), "--out", folder + "/a"),
            List.of("folder", empty.toString(), "--out", folder + "/a"),
            List.of("folder", empty.toString(), "--size", "7"),
            List.of("digits", "--epochs", "0"),
            List.of("digits", "--fonts", empty.toString(), "--out", folder + "/a"),
            List.of("digits", "--name", "No Name"))) {
      Run run = run(wrong.toArray(String[]::new));
      assertThat(run.exit()).as(wrong.toString()).isEqualTo(2);
      assertThat(run.err()).startsWith("lookalike: ").hasLineCount(1).doesNotContain("\tat ");
      assertThat(folder.resolve("a")).doesNotExist();
    }
  }
}
