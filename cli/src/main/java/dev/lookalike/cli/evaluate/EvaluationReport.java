package dev.lookalike.cli.evaluate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.imports.OneTimeImport;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Table;
import dev.lookalike.cli.terminal.Terminal;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The measurements of all models on the same images.
 *
 * @param queries empty: leave-one-out over the gallery
 * @param copies queries that are identical to an image of the gallery
 * @param precisions for the thresholds
 */
record EvaluationReport(
    LabelledFolders gallery,
    Optional<LabelledFolders> queries,
    int copies,
    List<Double> precisions,
    List<ModelReport> models) {

  private static final int NAMED = 10;

  void print(Terminal terminal) {
    if (queries.isPresent()) {
      terminal.line("queries  " + text(queries.get()));
      terminal.line("gallery  " + text(gallery));
      if (copies > 0) {
        terminal.line(
            copies
                + " queries are identical to an image of the gallery, which is left out for them");
      }
    } else {
      terminal.line("leave-one-out  " + text(gallery));
    }
    terminal.line("");
    quality().print(terminal);
    terminal.line("");
    thresholds().print(terminal);
    terminal.line("");
    speed().print(terminal);
  }

  private static String text(LabelledFolders folders) {
    StringBuilder text = new StringBuilder();
    text.append(folders.images().size()).append(" files of ");
    text.append(folders.classes()).append(" classes");
    append(text, folders.duplicates(), "duplicate");
    append(
        text, folders.contradictory().size(), "left out: identical files with different classes");
    append(text, folders.unlabelled().size(), "left out: not in a class folder");
    append(text, folders.skipped(), "skipped");
    return text.toString();
  }

  private static void append(StringBuilder text, int count, String what) {
    if (count > 0) {
      text.append(", ").append(count).append(' ').append(what);
    }
  }

  private Table quality() {
    Table table =
        new Table(
            "model", "dimension", "queries", "gallery", "R@1", "R@5", "R@10", "mAP", "recall@10");
    for (ModelReport report : models) {
      RetrievalMetrics metrics = report.metrics();
      table.row(
          report.model(),
          Integer.toString(report.dimension()),
          Integer.toString(metrics.queries() - metrics.withoutCounterpart()),
          Integer.toString(report.gallery().searchable()),
          share(metrics.recallAt(1)),
          share(metrics.recallAt(5)),
          share(metrics.recallAt(10)),
          share(metrics.meanAveragePrecision()),
          decimals(4, report.searches().recallAt10()));
    }
    return table;
  }

  private Table thresholds() {
    Table table = new Table("model", "precision", "min similarity", "pairs", "recall", "coverage");
    for (ModelReport report : models) {
      for (double precision : precisions) {
        Optional<RetrievalMetrics.Threshold> found = report.metrics().threshold(precision);
        if (found.isEmpty()) {
          table.row(report.model(), ">= " + precision, "none", "", "", "");
          continue;
        }
        RetrievalMetrics.Threshold threshold = found.get();
        table.row(
            report.model(),
            ">= " + precision,
            decimals(4, threshold.similarity()),
            Long.toString(threshold.pairs()),
            decimals(4, threshold.recall()),
            share(threshold.coverage()));
      }
    }
    return table;
  }

  private Table speed() {
    Table table =
        new Table(
            "model",
            "import images/s",
            "photo p50 ms",
            "p99",
            "vector p50 ms",
            "p99",
            "exact p50 ms",
            "p99");
    for (ModelReport report : models) {
      SearchReport searches = report.searches();
      table.row(
          report.model(),
          decimals(1, report.imagesPerSecond()),
          decimals(1, searches.photo().p50()),
          decimals(1, searches.photo().p99()),
          decimals(1, searches.vector().p50()),
          decimals(1, searches.vector().p99()),
          decimals(1, searches.exact().p50()),
          decimals(1, searches.exact().p99()));
    }
    return table;
  }

  private static String share(double share) {
    return Double.isNaN(share) ? "none" : decimals(3, share);
  }

  private static String decimals(int decimals, double number) {
    return String.format(Locale.ROOT, "%." + decimals + "f", number);
  }

  /** Prints the files that are not in the figures, and why. */
  void note(Terminal terminal) {
    for (Path file : first(gallery.contradictory())) {
      terminal.note("left out: " + file + ": an identical file has another class");
    }
    for (Path file : first(gallery.unlabelled())) {
      terminal.note("left out: " + file + ": not in a class folder");
    }
    queries.ifPresent(
        folders -> {
          for (Path file : first(folders.contradictory())) {
            terminal.note("left out: " + file + ": an identical file has another class");
          }
          for (Path file : first(folders.unlabelled())) {
            terminal.note("left out: " + file + ": not in a class folder");
          }
        });
    for (ModelReport report : models) {
      for (OneTimeImport.RejectedFile file : first(report.rejected())) {
        terminal.note(
            "%s: rejected: %s: %s %s"
                .formatted(report.model(), file.name(), file.code(), file.detail()));
      }
      if (report.rejected().size() > NAMED) {
        terminal.note("... and %d more; see --json".formatted(report.rejected().size() - NAMED));
      }
      if (report.gallery().pending() > 0) {
        terminal.note(
            "%s: %d images have no outcome yet and are not in the figures"
                .formatted(report.model(), report.gallery().pending()));
      }
      if (report.metrics().withoutCounterpart() > 0) {
        terminal.note(
            "%s: %d queries have no other image of their class in the gallery: not in R@k and mAP"
                .formatted(report.model(), report.metrics().withoutCounterpart()));
      }
    }
  }

  private static <T> List<T> first(List<T> all) {
    return all.subList(0, Math.min(NAMED, all.size()));
  }

  ObjectNode json() {
    ObjectNode node =
        Json.object().put("protocol", queries.isPresent() ? "queries" : "leave-one-out");
    queries.ifPresent(folders -> node.set("queries", json(folders).put("copies", copies)));
    node.set("gallery", json(gallery));
    ArrayNode reports = node.putArray("models");
    models.forEach(report -> reports.add(json(report)));
    return node;
  }

  private static ObjectNode json(LabelledFolders folders) {
    ObjectNode node =
        Json.object()
            .put("files", folders.images().size())
            .put("classes", folders.classes())
            .put("duplicates", folders.duplicates())
            .put("skipped", folders.skipped());
    ArrayNode contradictory = node.putArray("contradictory");
    folders.contradictory().forEach(file -> contradictory.add(file.toString()));
    ArrayNode unlabelled = node.putArray("unlabelled");
    folders.unlabelled().forEach(file -> unlabelled.add(file.toString()));
    return node;
  }

  private ObjectNode json(ModelReport report) {
    RetrievalMetrics metrics = report.metrics();
    ObjectNode node =
        Json.object()
            .put("model", report.model())
            .put("digest", report.digest())
            .put("dimension", report.dimension())
            .put("queries", metrics.queries())
            .put("queries_without_counterpart", metrics.withoutCounterpart())
            .put("gallery", report.gallery().searchable())
            .put("pending", report.gallery().pending());
    ObjectNode recall = node.putObject("recall_at");
    RetrievalMetrics.RANKS.forEach(k -> put(recall, Integer.toString(k), metrics.recallAt(k)));
    put(node, "mean_average_precision", metrics.meanAveragePrecision());
    node.put("approximate_recall_at_10", report.searches().recallAt10())
        .put("pairs", metrics.pairs())
        .put("pairs_of_one_class", metrics.samePairs());
    ArrayNode thresholds = node.putArray("thresholds");
    for (double precision : precisions) {
      ObjectNode threshold = thresholds.addObject().put("wanted_precision", precision);
      metrics
          .threshold(precision)
          .ifPresent(
              found ->
                  threshold
                      .put("min_similarity", found.similarity())
                      .put("precision", found.precision())
                      .put("recall", found.recall())
                      .put("coverage", found.coverage())
                      .put("pairs", found.pairs()));
    }
    node.put("import_seconds", report.gallery().seconds())
        .put("import_images_per_second", report.imagesPerSecond());
    ObjectNode latency = node.putObject("latency_ms");
    latency.set("photo", json(report.searches().photo()));
    latency.set("vector", json(report.searches().vector()));
    latency.set("exact", json(report.searches().exact()));
    ArrayNode rejected = node.putArray("rejected_files");
    for (OneTimeImport.RejectedFile file : report.rejected()) {
      rejected
          .addObject()
          .put("file", file.name())
          .put("code", file.code())
          .put("detail", file.detail());
    }
    return node;
  }

  /** Writes null if there is nothing to average. */
  private static void put(ObjectNode node, String field, double share) {
    if (Double.isNaN(share)) {
      node.putNull(field);
    } else {
      node.put(field, share);
    }
  }

  private static ObjectNode json(Latencies latencies) {
    return Json.object()
        .put("searches", latencies.count())
        .put("p50", latencies.p50())
        .put("p99", latencies.p99());
  }
}
