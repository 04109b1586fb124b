package dev.lookalike.cli.teach;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Target;
import dev.lookalike.cli.images.ImagePages;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32;

/**
 * The images of a collection with exactly one user label. Reads twice, first without embeddings in
 * order to choose, so that memory depends only on the chosen images.
 *
 * @param vectors of the chosen images
 * @param perClass number of images in the collection for each taught class
 * @param tooFew classes left out for too few images, with their counts
 * @param ambiguous images left out because they have several user labels
 */
record LabelledImages(
    LabelledVectors vectors,
    Map<String, Integer> perClass,
    Map<String, Integer> tooFew,
    int ambiguous) {
  private static final String LABELLED = "has(labels.user)";
  private static final int PAGE = 1000;
  private static final int PAGE_WITH_VECTORS = 100;

  /**
   * Which images to choose.
   *
   * @param minPerClass classes with fewer images are left out
   * @param maxPerClass largest number of images of each class
   * @param maxImages largest number of images in total
   */
  record Choice(int minPerClass, int maxPerClass, int maxImages) {}

  /** A candidate image, in an order unrelated to its content. */
  private record Candidate(String id, long order) {}

  static LabelledImages read(Target target, CollectionOption collection, Choice choice) {
    Map<String, List<Candidate>> byClass = new TreeMap<>();
    int[] ambiguous = new int[1];
    ImagePages.read(
        target,
        collection,
        LABELLED,
        List.of(),
        PAGE,
        false,
        image -> {
          Optional<String> label = label(image);
          String id = image.path("image_id").asText();
          label.ifPresent(
              name ->
                  byClass
                      .computeIfAbsent(name, none -> new ArrayList<>())
                      .add(new Candidate(id, order(id))));
          ambiguous[0] += label.isEmpty() ? 1 : 0;
          return true;
        });
    Map<String, Integer> perClass = new TreeMap<>();
    Map<String, Integer> tooFew = new TreeMap<>();
    byClass.forEach(
        (name, images) ->
            (images.size() < choice.minPerClass() ? tooFew : perClass).put(name, images.size()));
    byClass.keySet().retainAll(perClass.keySet());
    int most =
        Math.min(
            choice.maxPerClass(), Math.max(1, choice.maxImages() / Math.max(1, perClass.size())));
    Set<String> chosen = new HashSet<>();
    byClass
        .values()
        .forEach(
            images ->
                images.stream()
                    .sorted(Comparator.comparingLong(Candidate::order))
                    .limit(most)
                    .forEach(image -> chosen.add(image.id())));
    return new LabelledImages(
        vectors(target, collection, List.copyOf(perClass.keySet()), chosen),
        perClass,
        tooFew,
        ambiguous[0]);
  }

  private static LabelledVectors vectors(
      Target target, CollectionOption collection, List<String> classes, Set<String> chosen) {
    List<float[]> vectors = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    if (!chosen.isEmpty()) {
      ImagePages.read(
          target,
          collection,
          LABELLED,
          List.of(),
          PAGE_WITH_VECTORS,
          true,
          image -> {
            int label = label(image).map(classes::indexOf).orElse(-1);
            float[] vector = vector(image);
            if (label >= 0 && vector.length > 0 && chosen.remove(image.path("image_id").asText())) {
              vectors.add(vector);
              labels.add(label);
            }
            return !chosen.isEmpty();
          });
    }
    return new LabelledVectors(
        classes,
        vectors.toArray(float[][]::new),
        labels.stream().mapToInt(Integer::intValue).toArray());
  }

  /** The only user label; empty if there are several. */
  private static Optional<String> label(JsonNode image) {
    List<String> names = new ArrayList<>();
    for (JsonNode label : image.path("labels")) {
      if (label.path("source").asText().equals("user")) {
        names.add(label.path("name").asText());
      }
    }
    return names.size() == 1 ? Optional.of(names.getFirst()) : Optional.empty();
  }

  private static float[] vector(JsonNode image) {
    JsonNode values = image.path("vector");
    float[] vector = new float[values.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = values.path(i).floatValue();
    }
    return vector;
  }

  private static long order(String id) {
    CRC32 sum = new CRC32();
    sum.update(id.getBytes(StandardCharsets.UTF_8));
    return sum.getValue();
  }
}
