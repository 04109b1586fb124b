package dev.lookalike.cli.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.images.ImagePages;
import dev.lookalike.cli.imports.FolderFile;
import dev.lookalike.cli.imports.OneTimeImport;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import dev.lookalike.cli.terminal.Terminal;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * Measures one model through the public API: imports the gallery into a temporary collection,
 * exports its vectors and compares them here, and times searches.
 */
final class ModelTrial {

  /**
   * The input for measuring all models.
   *
   * @param queries empty: leave-one-out over the gallery
   * @param searches largest number of timed searches of each kind
   * @param shortSide of stored pictures; empty: the service's default
   * @param patience gives up after this long without progress
   */
  record Plan(
      List<LabelledImage> gallery,
      Optional<List<LabelledImage>> queries,
      int searches,
      OptionalInt shortSide,
      Duration patience) {}

  private static final int VECTORS_OF_A_PAGE = 100;
  private static final int EMBEDDERS = 4;
  private static final int NEIGHBOURS = 10;

  /** Searches of each kind before the timed ones. */
  private static final int WARM_UP = 5;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);

  /**
   * An image to search with.
   *
   * @param imageId if it is an image of the collection
   */
  private record Query(Path file, LabelledVector embedded, Optional<String> imageId) {

    /** The query as an example of a search request. */
    ObjectNode example() {
      ObjectNode example = Json.object();
      if (imageId.isPresent()) {
        return example.put("image_id", imageId.get());
      }
      ArrayNode values = example.putArray("vector");
      for (float value : embedded.vector()) {
        values.add(value);
      }
      return example;
    }
  }

  /** The expected neighbours, the same for all timed searches of a query. */
  private record Neighbours(double kthSimilarity, int count) {}

  private final Target target;
  private final String model;
  private final Plan plan;
  private final List<OneTimeImport.RejectedFile> rejected = new ArrayList<>();

  ModelTrial(Target target, String model, Plan plan) {
    this.target = target;
    this.model = model;
    this.plan = plan;
  }

  ModelReport run() throws IOException, InterruptedException {
    TemporaryCollection collection = new TemporaryCollection(target, model);
    try (collection) {
      return run(collection);
    } catch (CommandFailure e) {
      if (collection.isInterrupted()) {
        throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
      }
      throw e;
    }
  }

  private ModelReport run(TemporaryCollection collection) throws IOException, InterruptedException {
    JsonNode build = collection.create(model, plan.shortSide());
    OneTimeImport.Result imported =
        OneTimeImport.run(target, collection.option(), files(), plan.patience());
    for (OneTimeImport.RejectedFile file : imported.rejectedFiles()) {
      LabelledImage image = plan.gallery().get(Integer.parseInt(file.name()));
      reject(image.file(), file.code(), file.detail());
    }
    List<Query> gallery = exported(collection);
    List<Query> queries =
        plan.queries().isPresent() ? embedded(collection, plan.queries().get()) : gallery;
    if (gallery.isEmpty() || queries.isEmpty()) {
      throw new CommandFailure(
          ExitCode.REFUSED,
          "NOTHING_TO_EVALUATE",
          "%d images of the gallery and %d queries have embeddings%s"
              .formatted(
                  gallery.size(),
                  queries.size(),
                  rejected.isEmpty()
                      ? ""
                      : "; %s: %s".formatted(rejected.get(0).name(), rejected.get(0).code())));
    }
    say("comparing " + queries.size() + " queries with " + gallery.size() + " images");
    RetrievalMetrics metrics = RetrievalMetrics.of(vectors(queries), vectors(gallery));
    SearchReport searches = search(collection, queries);
    say("");
    return new ModelReport(
        model,
        build.path("model_digest").asText(""),
        gallery.getFirst().embedded().vector().length,
        imported,
        metrics,
        searches,
        List.copyOf(rejected));
  }

  /** Named by index, so that equal names in two folders do not collide. */
  private List<FolderFile> files() {
    List<FolderFile> files = new ArrayList<>();
    for (LabelledImage image : plan.gallery()) {
      files.add(new FolderFile(Integer.toString(files.size()), image.file(), image.size(), 0));
    }
    return files;
  }

  private static List<LabelledVector> vectors(List<Query> queries) {
    return queries.stream().map(Query::embedded).toList();
  }

  private List<Query> exported(TemporaryCollection collection) {
    List<Query> stored = new ArrayList<>();
    ImagePages.read(
        target,
        collection.option(),
        "",
        List.of(),
        VECTORS_OF_A_PAGE,
        true,
        entry -> {
          int index = Integer.parseInt(entry.path("attributes").path("file").asText());
          LabelledImage image = plan.gallery().get(index);
          stored.add(
              new Query(
                  image.file(),
                  embedded(image, entry.path("vector")),
                  Optional.of(entry.path("image_id").asText())));
          if (stored.size() % VECTORS_OF_A_PAGE == 0) {
            say("reading vectors: " + stored.size());
          }
          return true;
        });
    return stored;
  }

  private List<Query> embedded(TemporaryCollection collection, List<LabelledImage> images)
      throws IOException, InterruptedException {
    List<Query> queries = new ArrayList<>();
    try (ExecutorService embedders =
        Executors.newFixedThreadPool(
            EMBEDDERS, task -> Thread.ofPlatform().daemon().unstarted(task))) {
      List<Future<Answer>> answers = new ArrayList<>();
      for (LabelledImage image : images) {
        answers.add(embedders.submit(() -> post(image.file(), embed(collection))));
      }
      try {
        for (int i = 0; i < images.size(); i++) {
          say("embedding queries: %d of %d".formatted(i, images.size()));
          switch (answers.get(i).get()) {
            case Answer.Ok(JsonNode body) ->
                add(queries, images.get(i), body.path("results").path(0));
            case Answer.Refused refused when refused.status() != 404 ->
                reject(images.get(i).file(), refused.code(), refused.detail());
            case Answer failed -> Rest.require(failed);
          }
        }
      } catch (ExecutionException e) {
        if (e.getCause() instanceof CommandFailure failure) {
          throw failure;
        }
        throw new IOException(e.getCause());
      } finally {
        embedders.shutdownNow();
      }
    }
    return queries;
  }

  private URI embed(TemporaryCollection collection) {
    return target.embed(collection.option().path("/embed"));
  }

  private void add(List<Query> queries, LabelledImage image, JsonNode result) {
    if (result.has("refused")) {
      JsonNode refused = result.path("refused");
      reject(image.file(), refused.path("code").asText(), refused.path("message").asText());
      return;
    }
    JsonNode values = result.path("embedding").path("values");
    queries.add(new Query(image.file(), embedded(image, values), Optional.empty()));
  }

  private static LabelledVector embedded(LabelledImage image, JsonNode values) {
    float[] vector = new float[values.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = values.get(i).floatValue();
    }
    return new LabelledVector(image.content(), image.label(), vector);
  }

  private void reject(Path file, String code, String detail) {
    rejected.add(new OneTimeImport.RejectedFile(file.toString(), code, detail));
  }

  /** Searches with each sampled query by file, by vector and exactly, one request at a time. */
  private SearchReport search(TemporaryCollection collection, List<Query> queries) {
    int count = Math.min(plan.searches(), queries.size());
    for (int i = 0; i < WARM_UP; i++) {
      Query query = queries.get(i % queries.size());
      byPhoto(collection, query);
      byExample(collection, query, false);
      byExample(collection, query, true);
    }
    long[] photo = new long[count];
    long[] vector = new long[count];
    long[] exact = new long[count];
    long wanted = 0;
    long found = 0;
    for (int i = 0; i < count; i++) {
      say("searching: %d of %d".formatted(i, count));
      Query query = queries.get((int) ((long) i * queries.size() / count));
      long start = System.nanoTime();
      byPhoto(collection, query);
      long afterPhoto = System.nanoTime();
      JsonNode near = byExample(collection, query, false);
      long afterVector = System.nanoTime();
      Neighbours neighbours = neighbours(byExample(collection, query, true));
      long afterExact = System.nanoTime();
      photo[i] = afterPhoto - start;
      vector[i] = afterVector - afterPhoto;
      exact[i] = afterExact - afterVector;
      wanted += neighbours.count();
      found += foundOf(neighbours, near);
    }
    return new SearchReport(
        wanted == 0 ? 1 : (double) found / wanted,
        Latencies.of(photo),
        Latencies.of(vector),
        Latencies.of(exact));
  }

  private static Neighbours neighbours(JsonNode hits) {
    return new Neighbours(
        hits.isEmpty() ? 1 : hits.get(hits.size() - 1).path("similarity").asDouble(), hits.size());
  }

  /** A hit as similar as the last neighbour counts, since ties may come in any order. */
  private static long foundOf(Neighbours neighbours, JsonNode hits) {
    long found = 0;
    for (JsonNode hit : hits) {
      if (hit.path("similarity").asDouble() >= neighbours.kthSimilarity() - 1e-6) {
        found++;
      }
    }
    return Math.min(found, neighbours.count());
  }

  private void byPhoto(TemporaryCollection collection, Query query) {
    Rest.require(
        post(
            query.file(),
            target.query(collection.option().path("/search?exclude_self=true&k=" + NEIGHBOURS))));
  }

  private JsonNode byExample(TemporaryCollection collection, Query query, boolean exact) {
    ObjectNode request = Json.object().put("k", NEIGHBOURS).put("exclude_self", true);
    request.put("exact", exact).putArray("positives").add(query.example());
    return Rest.require(
            patiently(
                () ->
                    target
                        .rest()
                        .send("POST", target.query(collection.option().path("/search")), request)))
        .path("hits");
  }

  private Answer post(Path file, URI address) {
    return patiently(
        () -> {
          try {
            return target
                .rest()
                .send("POST", address, "application/octet-stream", BodyPublishers.ofFile(file));
          } catch (FileNotFoundException e) {
            throw new CommandFailure(ExitCode.USAGE, "FILE_UNREADABLE", "cannot read " + file);
          }
        });
  }

  /** Repeats the request while the answer is NotNow, until the patience ends. */
  private Answer patiently(Supplier<Answer> request) {
    long until = System.nanoTime() + plan.patience().toNanos();
    while (true) {
      Answer answer = request.get();
      if (!(answer instanceof Answer.NotNow notNow) || System.nanoTime() > until) {
        return answer;
      }
      try {
        Thread.sleep(notNow.after().compareTo(FIRST_PAUSE) > 0 ? notNow.after() : FIRST_PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
      }
    }
  }

  private void say(String what) {
    if (Terminal.SYSTEM.interactive()) {
      Terminal.SYSTEM.moving(what.isEmpty() ? "" : model + ": " + what);
    }
  }
}
