package dev.lookalike.embed.model;

import dev.lookalike.embed.model.OnnxModel.ClassProbability;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/** From the logits of a classification head to named classes. */
final class Classes {
  private Classes() {}

  /**
   * The most probable classes by softmax, best first, equal ones by index.
   *
   * @return empty where a logit is not finite
   */
  static List<ClassProbability> best(float[] logits, List<String> labels, int count) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      if (!Float.isFinite(logit)) {
        return List.of();
      }
      max = Math.max(max, logit);
    }
    double sum = 0;
    PriorityQueue<Integer> worstFirst =
        new PriorityQueue<>(
            (a, b) ->
                logits[a] != logits[b]
                    ? Float.compare(logits[a], logits[b])
                    : Integer.compare(b, a));
    for (int i = 0; i < logits.length; i++) {
      sum += Math.exp(logits[i] - max);
      worstFirst.add(i);
      if (worstFirst.size() > count) {
        worstFirst.remove();
      }
    }
    List<ClassProbability> best = new ArrayList<>();
    while (!worstFirst.isEmpty()) {
      int index = worstFirst.remove();
      best.addFirst(
          new ClassProbability(labels.get(index), (float) (Math.exp(logits[index] - max) / sum)));
    }
    return best;
  }
}
