package dev.lookalike.cli.teach;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.terminal.Json;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/**
 * A classifier with its measurements.
 *
 * @param references of the gate; empty: no gate
 * @param abstention of the classifier
 * @param expected outcome, measured on images that had no part in choosing it
 */
record Lesson(
    LabelledVectors images,
    int folds,
    double targetPrecision,
    CrossValidation validation,
    LinearClassifier classifier,
    Optional<References> references,
    Abstention abstention,
    Abstention.Outcome expected) {

  /** Precision and recall of one class, for the most probable class. */
  record ClassFigures(String name, int images, double precision, double recall) {}

  int[][] confusion() {
    return CrossValidation.confusion(validation.judged(), images.classes().size());
  }

  List<ClassFigures> classes() {
    int[][] confusion = confusion();
    return java.util.stream.IntStream.range(0, images.classes().size())
        .mapToObj(
            c -> {
              int said = 0;
              int count = 0;
              for (int other = 0; other < confusion.length; other++) {
                said += confusion[other][c];
                count += confusion[c][other];
              }
              return new ClassFigures(
                  images.classes().get(c),
                  count,
                  said == 0 ? 0 : (double) confusion[c][c] / said,
                  count == 0 ? 0 : (double) confusion[c][c] / count);
            })
        .toList();
  }

  Proportion accuracy() {
    return CrossValidation.accuracy(validation.judged());
  }

  /** The request to ingest-service. */
  ObjectNode request(String buildId, boolean existing) {
    ObjectNode request = Json.object();
    request.put("build_id", buildId);
    ArrayNode classes = request.putArray("classes");
    images.classes().forEach(classes::add);
    request.put("weights", bytes(classifier.weights()));
    request.put("biases", bytes(classifier.biases()));
    request.put("threshold", (float) abstention.threshold());
    references.ifPresent(
        known -> {
          request.put("references", bytes(known));
          request.put("min_similarity", (float) abstention.minSimilarity());
        });
    request.put("annotate_existing", existing);
    request.set("quality", quality());
    return request;
  }

  private ObjectNode quality() {
    ObjectNode quality = Json.object();
    quality.put("images", images.size());
    quality.put("folds", folds);
    quality.put("accuracy", accuracy().value());
    quality.put("target_precision", targetPrecision);
    quality.put("precision", expected.precision().value());
    quality.put("precision_low", expected.precision().low());
    quality.put("precision_high", expected.precision().high());
    quality.put("coverage", expected.coverage());
    quality.put("l2", validation.l2());
    ArrayNode each = quality.putArray("classes");
    classes()
        .forEach(
            figures ->
                each.addObject()
                    .put("images", figures.images())
                    .put("precision", figures.precision())
                    .put("recall", figures.recall()));
    return quality;
  }

  /** For scripts. */
  ObjectNode json() {
    ObjectNode json = Json.object();
    json.put("images", images.size());
    json.put("folds", folds);
    json.put("l2", validation.l2());
    json.set("accuracy", json(accuracy()));
    json.put("target_precision", targetPrecision);
    json.put("threshold", abstention.threshold());
    json.put("references", references.map(known -> known.values().length).orElse(0));
    json.put("min_similarity", abstention.minSimilarity());
    json.set("precision", json(expected.precision()));
    json.put("coverage", expected.coverage());
    ArrayNode each = json.putArray("classes");
    classes()
        .forEach(
            figures ->
                each.addObject()
                    .put("name", figures.name())
                    .put("images", figures.images())
                    .put("precision", figures.precision())
                    .put("recall", figures.recall()));
    ArrayNode rows = json.putArray("confusion");
    for (int[] row : confusion()) {
      ArrayNode cells = rows.addArray();
      for (int count : row) {
        cells.add(count);
      }
    }
    return json;
  }

  private static ObjectNode json(Proportion proportion) {
    return Json.object()
        .put("value", proportion.value())
        .put("low", proportion.low())
        .put("high", proportion.high());
  }

  private static byte[] bytes(float[]... rows) {
    int length = rows.length * rows[0].length;
    ByteBuffer buffer = ByteBuffer.allocate(length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float[] row : rows) {
      for (float value : row) {
        buffer.putFloat(value);
      }
    }
    return buffer.array();
  }

  private static byte[] bytes(References references) {
    byte[][] rows = references.values();
    ByteBuffer buffer = ByteBuffer.allocate(rows.length * rows[0].length);
    for (byte[] row : rows) {
      buffer.put(row);
    }
    return buffer.array();
  }
}
