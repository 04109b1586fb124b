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

  /** User, where there is no token. */
  Optional<String> username();

  /** Password of the user. */
  Optional<String> password();

  /** Database of Milvus; its default where there is none. */
  Optional<String> database();

  /** File with the certificates (PEM) that the server's is checked with; switches TLS on. */
  Optional<String> caFile();

  /** File with our certificate (PEM), where the server wants one. */
  Optional<String> certFile();

  /** File with the key (PEM) of our certificate. */
  Optional<String> keyFile();

  /** Name that the server's certificate must have, where it is not the host. */
  Optional<String> serverName();

  /** Deadline of one call: a server that hangs counts as away after it. */
  @WithDefault("10s")
  Duration callTimeout();

  /** Time for repetitions of a call that failed, all together; then the sink pauses. */
  @WithDefault("2s")
  Duration retryTimeout();

  /** First part of the names of all collections and aliases; installations may share a Milvus. */
  @WithDefault("lookalike")
  String prefix();

  /**
   * Text attribute that is the partition key: a filter that asks for one value of it looks at a
   * part of the index only. Another one builds the index anew, beside the old one.
   */
  @WithDefault("tenant")
  String tenantAttribute();

  /**
   * Physical partitions that the values of the partition key share. Many tenants want many; each
   * costs segments of its own. Another number builds the index anew.
   */
  @WithDefault("16")
  @Min(1)
  @Max(1024)
  int partitions();

  /** Write channels of a collection; one takes some thousand images a second. */
  @WithDefault("1")
  @Min(1)
  @Max(16)
  int shards();

  /**
   * Kind of index, as Milvus calls it: HNSW (memory), IVF_FLAT, DISKANN (disk), GPU_CAGRA, ...;
   * what the server does not have it refuses. Another one builds the index anew.
   */
  @WithDefault("HNSW")
  String indexType();

  /**
   * Parameters of building the index, as Milvus calls them: M and efConstruction of HNSW (16 and
   * 200 if not set), nlist of IVF_FLAT. Others build the index anew.
   */
  Map<String, String> indexParams();

  /**
   * Parameters of a search, as Milvus calls them: ef of HNSW and search_list of DISKANN (if not
   * set: twice the neighbours asked for, at least 160), nprobe of IVF_FLAT.
   */
  Map<String, String> searchParams();

  /**
   * Images that one request may have read and compared one by one: exact searches, and filters that
   * Milvus cannot decide (contains, endsWith). What would need more is refused.
   */
  @WithDefault("100000")
  @Min(1)
  int maxScanned();

  /** How often a replica that only serves looks how far the index is, and at the alias. */
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
