package dev.lookalike.query.search;

import dev.lookalike.proto.search.v1.TokenStatus;
import dev.lookalike.query.catalog.Lookup;
import java.util.List;
import java.util.Optional;

/** What became of a search that was checked; its images have not been embedded. */
sealed interface Checked permits Checked.Search, Refused {
  /**
   * A search that can be done.
   *
   * @param ready what answers it
   * @param fingerprint of the request, as {@link Cursor#fingerprint}
   * @param cursor where the page begins; empty: the first page
   * @param tokens what became of the uploads that it has waited for
   */
  record Search(
      Lookup.Ready ready,
      Query query,
      long fingerprint,
      Optional<Cursor> cursor,
      List<TokenStatus> tokens)
      implements Checked {
    public Search {
      tokens = List.copyOf(tokens);
    }
  }
}
