package dev.lookalike.query.store;

import dev.lookalike.query.index.milvus.MilvusOptions;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How Milvus is reached and what is made there: {@code lookalike.index.milvus.*}. Of effect with
 * {@code lookalike.index.type=milvus}.
 */
public interface MilvusSettings {
  /** Address, as {@code http://host:19530}; with https the connection is encrypted. */
  @WithDefault("http://127.0.0.1:19530")
  String uri();

  /** API key, or user and password with a colon between them. */
  Optional<String> token();

  /** User, if there is no token. */
  Optional<String> username();

  /** Password of the user. */
  Optional<String> password();

  /** Database of Milvus; the server's default if not set. */
  Optional<String> database();

  /**
   * File with the certificates (PEM) that the server's certificate is checked against; switches TLS
   * on.
   */
  Optional<String> caFile();

  /** File with the client certificate (PEM), if the server asks for one. */
  Optional<String> certFile();

  /** File with the key (PEM) of the client certificate. */
  Optional<String> keyFile();

  /** Name that the server's certificate must have, if it is not the host. */
  Optional<String> serverName();

  /** Deadline of one call: after it, a server that hangs counts as away. */
  @WithDefault("10s")
  Duration callTimeout();

  /**
   * Time for all repetitions of a failed call together; then the index pauses and is opened again.
   */
  @WithDefault("2s")
  Duration retryTimeout();

  /**
   * First part of the names of all collections and aliases, so that installations can share a
   * Milvus.
   */
  @WithDefault("lookalike")
  String prefix();

  /**
   * Text attribute that is the partition key: a filter for one value of it searches only a part of
   * the index. A change rebuilds the index, beside the old one.
   */
  @WithDefault("tenant")
  String tenantAttribute();

  /**
   * Physical partitions that the values of the partition key share. Many tenants need many; each
   * costs segments of its own. A change rebuilds the index.
   */
  @WithDefault("16")
  @Min(1)
  @Max(1024)
  int partitions();

  /** Write channels of a collection; one takes a few thousand images a second. */
  @WithDefault("1")
  @Min(1)
  @Max(16)
  int shards();

  /**
   * Kind of index, as Milvus calls it: HNSW (memory), IVF_FLAT, DISKANN (disk), GPU_CAGRA, ...; the
   * server refuses what it does not have. A change rebuilds the index.
   */
  @WithDefault("HNSW")
  String indexType();

  /**
   * Parameters for building the index, as Milvus calls them: M and efConstruction of HNSW (16 and
   * 200 if not set), nlist of IVF_FLAT. A change rebuilds the index.
   */
  Map<String, String> indexParams();

  /**
   * Parameters of a search, as Milvus calls them: ef of HNSW and search_list of DISKANN (if not
   * set: twice the neighbours asked for, at least 160), nprobe of IVF_FLAT.
   */
  Map<String, String> searchParams();

  /**
   * Images that one request may compare one by one, in exact searches and with filters that Milvus
   * cannot decide (contains, endsWith). A request that needs more is refused.
   */
  @WithDefault("100000")
  @Min(1)
  int maxScanned();

  /**
   * How often a replica that only serves checks how far the index is, and where the alias points.
   */
  @WithDefault("500ms")
  Duration watchInterval();

  /** As the index takes them. */
  default MilvusOptions options() {
    return new MilvusOptions(
        uri(),
        new MilvusOptions.Access(
            token(),
            username(),
            password(),
            database(),
            caFile(),
            certFile(),
            keyFile(),
            serverName()),
        callTimeout(),
        retryTimeout(),
        prefix(),
        tenantAttribute(),
        partitions(),
        shards(),
        indexType(),
        indexParams(),
        searchParams(),
        maxScanned());
  }
}
