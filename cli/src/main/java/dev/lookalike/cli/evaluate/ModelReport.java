package dev.lookalike.cli.evaluate;

import dev.lookalike.cli.imports.OneTimeImport;
import java.util.List;

/**
 * What was measured of one model.
 *
 * @param model its id
 * @param digest of its weights
 * @param dimension of its embeddings
 * @param gallery what became of the gallery
 * @param rejected files of gallery and queries that are not in the figures, by their paths; at most
 *     100 of the gallery
 */
record ModelReport(
    String model,
    String digest,
    int dimension,
    OneTimeImport.Result gallery,
    RetrievalMetrics metrics,
    SearchReport searches,
    List<OneTimeImport.RejectedFile> rejected) {

  /** Of the import, from the first upload until the last image can be found. */
  double imagesPerSecond() {
    return gallery.searchable() / gallery.seconds();
  }
}
