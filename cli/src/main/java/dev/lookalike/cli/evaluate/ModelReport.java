package dev.lookalike.cli.evaluate;

import dev.lookalike.cli.imports.OneTimeImport;
import java.util.List;

/**
 * The measurements of one model.
 *
 * @param model its id
 * @param digest of its weights
 * @param dimension of its embeddings
 * @param gallery result of importing the gallery
 * @param rejected paths of gallery and query files that are not in the figures; at most 100 of the
 *     gallery
 */
record ModelReport(
    String model,
    String digest,
    int dimension,
    OneTimeImport.Result gallery,
    RetrievalMetrics metrics,
    SearchReport searches,
    List<OneTimeImport.RejectedFile> rejected) {

  /** Rate of the import, from the first upload until the last image is searchable. */
  double imagesPerSecond() {
    return gallery.searchable() / gallery.seconds();
  }
}
