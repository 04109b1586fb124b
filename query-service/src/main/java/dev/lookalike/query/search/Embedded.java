package dev.lookalike.query.search;

import dev.lookalike.proto.embed.v1.EmbedResult;
import java.util.List;

/** What became of a search after its query images were embedded. */
sealed interface Embedded permits Embedded.Search, Refused {
  /**
   * A search that can be answered.
   *
   * @param images one result for each example that is an image, in the order of {@link
   *     Query#examples}; an image may have been refused
   * @param device that computed them; empty without images
   */
  record Search(Checked.Search checked, List<EmbedResult> images, String device)
      implements Embedded {
    public Search {
      images = List.copyOf(images);
    }
  }
}
