package dev.lookalike.log;

/**
 * Names of the topics. A collection id never changes and is never reused, so neither are topic
 * names.
 */
public final class Topics {
  /** The registry: compacted, one partition. */
  public static final String COLLECTIONS = "lookalike.collections";

  private Topics() {}

  /** The topic whose offsets are the versions of the collection's images. */
  public static String images(String collectionId) {
    return "lookalike.images." + collectionId;
  }

  /** The outcomes of one build: one record for each record of {@link #images}. */
  public static String embeddings(String collectionId, String buildId) {
    return "lookalike.embeddings." + collectionId + "." + buildId;
  }

  /** Attributes and labels that were added later. */
  public static String annotations(String collectionId) {
    return "lookalike.annotations." + collectionId;
  }

  /** The collection's classifier; the topic is created when one is taught. One partition. */
  public static String classifiers(String collectionId) {
    return "lookalike.classifiers." + collectionId;
  }
}
