package dev.lookalike.embed.model.runtime;

import dev.lookalike.embed.model.runtime.OnnxModel.ClassProbability;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** From the logits of a classification head to named classes. */
final class Classes {
  private Classes() {}

  /**
   * The most probable classes by softmax, best first, equal ones by index.
   *
   * @param logits one for each label, from index {@code from}
   * @return empty where a logit is not finite
   */
  static List<ClassProbability> best(FloatBuffer logits, int from, List<String> labels, int count) {
    int classes = labels.size();
    double max = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < classes; i++) {
      float logit = logits.get(from + i);
      if (!Float.isFinite(logit)) {
        return List.of();
      }
      max = Math.max(max, logit);
    }
    double sum = 0;
    int[] best = new int[Math.min(count, classes)];
    int filled = 0;
    for (int i = 0; i < classes; i++) {
      float logit = logits.get(from + i);
      sum += Math.exp(logit - max);
      int place = filled;
      while (place > 0 && logit > logits.get(from + best[place - 1])) {
        place--;
      }
      if (place < best.length) {
        filled = Math.min(filled + 1, best.length);
        System.arraycopy(best, place, best, place + 1, filled - 1 - place);
        best[place] = i;
      }
    }
    List<ClassProbability> named = new ArrayList<>(filled);
    for (int i = 0; i < filled; i++) {
      double probability = Math.exp(logits.get(from + best[i]) - max) / sum;
      named.add(new ClassProbability(labels.get(best[i]), (float) probability));
    }
    return named;
  }
}
