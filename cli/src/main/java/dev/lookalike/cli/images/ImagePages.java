package dev.lookalike.cli.images;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.CollectionOption;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.client.Target;
import java.net.URI;
import java.util.List;
import java.util.function.Predicate;

/** The images of a collection in id order, read page by page to bound memory. */
public final class ImagePages {

  private static final int PATIENCE = 20;

  private ImagePages() {}

  /**
   * Reads until there are no more, or {@code sink} returns false.
   *
   * @param states lower case; empty: searchable ones
   */
  public static void read(
      Target target,
      CollectionOption collection,
      String filter,
      List<String> states,
      int pageSize,
      boolean vectors,
      Predicate<JsonNode> sink) {
    String cursor = "";
    do {
      StringBuilder query = new StringBuilder("?page_size=" + pageSize);
      query.append("&include_vectors=").append(vectors);
      if (!filter.isEmpty()) {
        query.append("&filter=").append(Rest.escaped(filter));
      }
      states.forEach(s -> query.append("&state=").append(Rest.escaped(s)));
      if (!cursor.isEmpty()) {
        query.append("&cursor=").append(Rest.escaped(cursor));
      }
      JsonNode page =
          page(target, target.query(collection.path("/images" + query)), !cursor.isEmpty());
      for (JsonNode image : page.path("images")) {
        if (!sink.test(image)) {
          return;
        }
      }
      cursor = page.path("next_cursor").asText("");
    } while (!cursor.isEmpty());
  }

  /** Retries a later page for a while: an export continues when the service comes back. */
  private static JsonNode page(Target target, URI address, boolean later) {
    Answer answer = target.rest().send("GET", address);
    for (int i = 0; later && answer instanceof Answer.NotNow && i < PATIENCE; i++) {
      try {
        Thread.sleep(1_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
      answer = target.rest().send("GET", address);
    }
    return Rest.require(answer);
  }
}
