package dev.lookalike.embed.builds;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What has to start and to end so that each build that is served has one worker.
 *
 * @param ending keys of workers whose build is not served any more
 * @param starting builds without a worker, by key, in their order
 */
public record ServedChange(Set<String> ending, Map<String, ServedBuild> starting) {
  /**
   * @param running keys of the workers
   */
  public static ServedChange of(Set<String> running, List<ServedBuild> served) {
    Map<String, ServedBuild> starting = new LinkedHashMap<>();
    served.forEach(each -> starting.put(key(each), each));
    Set<String> ending =
        running.stream().filter(key -> !starting.containsKey(key)).collect(Collectors.toSet());
    starting.keySet().removeAll(running);
    return new ServedChange(ending, starting);
  }

  private static String key(ServedBuild build) {
    return build.collection().getId() + "/" + build.build().getId();
  }
}
