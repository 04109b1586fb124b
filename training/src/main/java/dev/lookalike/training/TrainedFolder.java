package dev.lookalike.training;

import ai.onnxruntime.OrtException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.training.TrainingFailure.Code;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Writes a trained network as a folder that embed-service can serve. */
final class TrainedFolder {
  /** Largest number of images for checking the written graph against the network. */
  private static final int CHECKED = 500;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;

  /**
   * @throws TrainingFailure OUTPUT if the name is taken
   */
  TrainedFolder(Path folder) {
    this.folder = folder.toAbsolutePath().normalize();
    if (Files.exists(this.folder)) {
      throw new TrainingFailure(
          Code.OUTPUT, this.folder + " exists: give another --name or --out, or remove it");
    }
  }

  Path path() {
    return folder;
  }

  /**
   * What is written about a training beside the model.
   *
   * @param data where the images came from, for people
   * @param trained number of images trained on
   * @param seconds duration of the training, including tests
   */
  record Story(
      String data,
      int trained,
      Training.Settings settings,
      List<Training.Epoch> epochs,
      Evaluation evaluation,
      double seconds) {}

  /**
   * Writes the folder in one step, after checking the graph in ONNX Runtime.
   *
   * @param notes receives a line if pictures could not be drawn
   * @return largest difference of an output of the graph from the network's
   * @throws TrainingFailure OUTPUT, EXPORT_DIFFERS
   */
  double write(Network network, LabelledImages test, Story story, PrintStream notes) {
    byte[] graph = OnnxExport.bytes(network);
    double difference = difference(network, graph, test);
    if (!(difference <= ExportedGraph.TOLERANCE)) {
      throw new TrainingFailure(
          Code.EXPORT_DIFFERS, "the graph differs from the network by " + difference);
    }
    Path parent = folder.getParent();
    if (parent == null) {
      throw new TrainingFailure(Code.OUTPUT, "cannot write to this folder: " + folder);
    }
    Path partial = parent.resolve("." + folder.getFileName() + ".partial");
    try {
      remove(partial);
      Files.createDirectories(partial);
      Files.write(partial.resolve("model.onnx"), graph);
      json(partial.resolve("preprocessor_config.json"), preprocessor(network.shape()));
      json(partial.resolve("lookalike-model.json"), description(test.classes()));
      json(partial.resolve("training.json"), report(story, difference));
      pictures(partial, story, notes);
      Files.move(partial, folder);
    } catch (IOException | UncheckedIOException e) {
      throw new TrainingFailure(Code.OUTPUT, folder + ": " + e.getMessage(), e);
    }
    return difference;
  }

  private static double difference(Network network, byte[] graph, LabelledImages test) {
    InputShape shape = test.shape();
    int count = Math.min(CHECKED, test.count());
    float[] pixels = new float[count * shape.size()];
    for (int i = 0; i < count; i++) {
      System.arraycopy(test.image(i), 0, pixels, i * shape.size(), shape.size());
    }
    try (ExportedGraph exported = new ExportedGraph(graph)) {
      return ExportedGraph.difference(
          network.infer(pixels), exported.infer(pixels, shape, shape.channels()));
    } catch (OrtException e) {
      throw new TrainingFailure(
          Code.EXPORT_DIFFERS, "ONNX Runtime cannot run the graph: " + e.getMessage(), e);
    }
  }

  private static ObjectNode preprocessor(InputShape shape) {
    ObjectNode node = JSON.createObjectNode();
    node.put("image_processor_type", "ViTImageProcessor");
    node.put("do_resize", true);
    node.putObject("size").put("height", shape.height()).put("width", shape.width());
    node.put("resample", 2);
    node.put("do_rescale", true);
    node.put("rescale_factor", 1 / 255.0);
    node.put("do_normalize", false);
    return node;
  }

  private static ObjectNode description(List<String> classes) {
    ObjectNode node = JSON.createObjectNode();
    node.put("dimension", Network.EMBEDDING);
    ArrayNode labels = node.putArray("labels");
    classes.forEach(labels::add);
    return node;
  }

  private static ObjectNode report(Story story, double difference) {
    Evaluation evaluation = story.evaluation();
    ObjectNode node = JSON.createObjectNode();
    node.put("data", story.data());
    node.put("trained_on", story.trained());
    node.put("seconds", Math.round(story.seconds() * 10) / 10.0);
    node.put("batch", story.settings().batch());
    node.put("learning_rate", story.settings().learningRate());
    node.put("seed", story.settings().seed());
    node.set("distortion", JSON.valueToTree(story.settings().distortion()));
    ArrayNode epochs = node.putArray("epochs");
    for (Training.Epoch epoch : story.epochs()) {
      epochs
          .addObject()
          .put("loss", epoch.loss())
          .put("accuracy", epoch.accuracy())
          .put("test_accuracy", epoch.testAccuracy());
    }
    ObjectNode test = node.putObject("test");
    test.put("images", evaluation.images());
    test.put("accuracy", evaluation.accuracy());
    ArrayNode classes = test.putArray("classes");
    for (int i = 0; i < evaluation.classes().size(); i++) {
      ObjectNode own = classes.addObject().put("label", evaluation.classes().get(i));
      number(own, "precision", evaluation.precision(i));
      number(own, "recall", evaluation.recall(i));
    }
    test.set("confusion", JSON.valueToTree(evaluation.confusion()));
    node.put("export_difference", difference);
    return node;
  }

  /** JSON has no NaN. */
  private static void number(ObjectNode node, String name, double value) {
    if (Double.isNaN(value)) {
      node.putNull(name);
    } else {
      node.put(name, value);
    }
  }

  private static void json(Path file, ObjectNode node) throws IOException {
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), node);
  }

  private static void pictures(Path partial, Story story, PrintStream notes) throws IOException {
    BufferedImage confusion;
    BufferedImage curves;
    try {
      confusion = Charts.confusion(story.evaluation());
      curves = Charts.curves(story.epochs());
    } catch (InternalError | NoClassDefFoundError | ExceptionInInitializerError e) {
      // The JDK throws this without fontconfig.
      notes.println("no pictures: this machine has no fonts: " + e.getMessage());
      return;
    }
    png(confusion, partial.resolve("confusion.png").toFile());
    png(curves, partial.resolve("curves.png").toFile());
  }

  private static void png(BufferedImage image, File file) throws IOException {
    if (!ImageIO.write(image, "png", file)) {
      throw new IOException("no encoder for PNG: " + file.getName().toLowerCase(Locale.ROOT));
    }
  }

  private static void remove(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
