package dev.lookalike.query.index.milvus;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How Milvus is reached and what is made there.
 *
 * @param uri as {@code http://host:19530}; https: with TLS
 * @param access credentials and certificates
 * @param callTimeout deadline of one call
 * @param retryTimeout time for repetitions of a call that failed, all together
 * @param prefix of all names that are made
 * @param tenantAttribute attribute whose value is the partition key
 * @param partitions physical partitions that the partition key is spread over
 * @param shards write channels of a collection
 * @param indexType as Milvus calls it: HNSW, IVF_FLAT, DISKANN, GPU_CAGRA, ...
 * @param indexParams as Milvus calls them: M, efConstruction, nlist, ...
 * @param searchParams as Milvus calls them: ef, nprobe, search_list, ...
 * @param maxScanned rows that one request may have read and compared here
 */
public record MilvusOptions(
    String uri,
    Access access,
    Duration callTimeout,
    Duration retryTimeout,
    String prefix,
    String tenantAttribute,
    int partitions,
    int shards,
    String indexType,
    Map<String, String> indexParams,
    Map<String, String> searchParams,
    int maxScanned) {
  public MilvusOptions {
    indexParams = Map.copyOf(indexParams);
    searchParams = Map.copyOf(searchParams);
  }

  /**
   * Who we are, and how the server proves who it is.
   *
   * @param token API key, or {@code user:password}
   * @param caFile certificates (PEM) that the server's is checked with
   * @param certFile certificate (PEM) that we show, for TLS on both sides
   * @param keyFile its key (PEM)
   * @param serverName that the server's certificate must have, where it is not the host
   */
  public record Access(
      Optional<String> token,
      Optional<String> username,
      Optional<String> password,
      Optional<String> database,
      Optional<String> caFile,
      Optional<String> certFile,
      Optional<String> keyFile,
      Optional<String> serverName) {
    /** None. */
    public static final Access OPEN =
        new Access(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());

    @Override
    public String toString() {
      return "Access[" + username.orElse(token.isPresent() ? "by token" : "open") + "]";
    }
  }
}
