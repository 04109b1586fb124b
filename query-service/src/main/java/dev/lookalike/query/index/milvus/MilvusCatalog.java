package dev.lookalike.query.index.milvus;

import dev.lookalike.query.index.IndexException;
import io.milvus.grpc.LoadState;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.common.IndexParam;
import io.milvus.v2.service.collection.request.CreateCollectionReq;
import io.milvus.v2.service.collection.request.DropCollectionReq;
import io.milvus.v2.service.collection.request.GetLoadStateReq;
import io.milvus.v2.service.collection.request.HasCollectionReq;
import io.milvus.v2.service.collection.request.LoadCollectionReq;
import io.milvus.v2.service.index.request.CreateIndexReq;
import io.milvus.v2.service.utility.request.AlterAliasReq;
import io.milvus.v2.service.utility.request.CreateAliasReq;
import io.milvus.v2.service.utility.request.DescribeAliasReq;
import io.milvus.v2.service.utility.request.DropAliasReq;
import io.milvus.v2.service.utility.request.ListAliasesReq;
import io.milvus.v2.service.vector.request.UpsertReq;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.jboss.logging.Logger;

/**
 * The Milvus collections of the indexes. An index is known by an alias; the collection behind it is
 * one of its generations, named after the alias and the time it was made. Moving the alias is what
 * makes another generation the index.
 */
public final class MilvusCatalog {
  private static final Logger LOG = Logger.getLogger(MilvusCatalog.class);
  private static final Duration LOAD_POLL = Duration.ofMillis(50);

  /** After this, opening starts again from the beginning; loading goes on meanwhile. */
  private static final Duration LOAD_PATIENCE = Duration.ofSeconds(20);

  private static final int RADIX = 36;

  private final MilvusServer server;

  /** When a generation was last made, in milliseconds: no two have the same name. */
  private final AtomicLong lastMade = new AtomicLong();

  public MilvusCatalog(MilvusServer server) {
    this.server = server;
  }

  /** The alias of an index, of what its name is made of: {@code [a-z0-9]} each. */
  public String alias(String... parts) {
    return server.options().prefix() + "_" + String.join("_", parts);
  }

  /**
   * Opens an index for the process that writes it. If there is none, or one that cannot be used, an
   * empty one is made, to be filled from the log.
   */
  public MilvusIndex open(String alias, int dimension) {
    Optional<String> present = current(alias);
    if (present.isPresent()) {
      load(present.get());
      Optional<Layout> layout = layout(present.get());
      if (layout.filter(known -> isReadable(known, dimension)).isPresent()) {
        return new MilvusIndex(server, present.get(), layout.get(), true);
      }
      LOG.errorf(
          "%s cannot be used (%s) and is rebuilt from the log",
          present.get(), layout.map(Layout::write).orElse("it does not say how it was made"));
    }
    MilvusIndex made = make(alias, dimension);
    promote(alias, made);
    return made;
  }

  /**
   * Opens an index for a process that only reads it.
   *
   * @throws IndexException if no process has made it yet
   */
  public MilvusIndex read(String alias, int dimension) {
    String present =
        current(alias)
            .orElseThrow(
                () ->
                    new IndexException(
                        IndexException.Kind.UNAVAILABLE,
                        alias + " has not been made yet by the process that writes it"));
    load(present);
    Layout layout =
        layout(present)
            .filter(known -> isReadable(known, dimension))
            .orElseThrow(
                () ->
                    new IndexException(
                        IndexException.Kind.UNAVAILABLE,
                        present + " is of a kind that this release cannot read"));
    return new MilvusIndex(server, present, layout, false);
  }

  private static boolean isReadable(Layout layout, int dimension) {
    return layout.dimension() == dimension
        && layout.schema() >= Layout.OLDEST_READABLE
        && layout.schema() <= Rows.SCHEMA;
  }

  /** Whether it would be made in another way now. */
  public boolean isOutdated(MilvusIndex index) {
    return !index.layout().equals(Layout.of(server.options(), index.dimension()));
  }

  /** The collection behind an alias; empty if there is no such alias. */
  public Optional<String> current(String alias) {
    boolean there =
        server.ask(
            "look for " + alias,
            client ->
                client.hasCollection(HasCollectionReq.builder().collectionName(alias).build()));
    return there
        ? Optional.of(
            server.ask(
                "look for " + alias,
                client ->
                    client
                        .describeAlias(DescribeAliasReq.builder().alias(alias).build())
                        .getCollectionName()))
        : Optional.empty();
  }

  /** Makes an empty generation of an index, which nobody reads yet. */
  public MilvusIndex make(String alias, int dimension) {
    Layout layout = Layout.of(server.options(), dimension);
    long now = System.currentTimeMillis();
    long made = lastMade.updateAndGet(last -> Math.max(last + 1, now));
    String name = alias + "_" + Long.toString(made, RADIX);
    try {
      fill(name, layout);
    } catch (IndexException e) {
      LOG.warnf("%s could not be made: %s", name, e.getMessage());
      try {
        dropGeneration(name);
      } catch (IndexException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
    LOG.infof("made %s: %s", name, layout.write());
    return new MilvusIndex(server, name, layout, true);
  }

  private void fill(String name, Layout layout) {
    server.tell(
        "make " + name,
        client -> {
          client.createCollection(
              CreateCollectionReq.builder()
                  .collectionName(name)
                  .collectionSchema(Rows.schema(layout.dimension()))
                  .numPartitions(layout.partitions())
                  .numShards(layout.shards())
                  .build());
          client.createIndex(
              CreateIndexReq.builder()
                  .collectionName(name)
                  .indexParams(indexes(layout))
                  .sync(false)
                  .build());
        });
    load(name);
    server.tell(
        "make " + name,
        client ->
            client.upsert(
                UpsertReq.builder()
                    .collectionName(name)
                    .data(List.of(Rows.ofOurs(OwnRows.LAYOUT, layout.write(), layout.dimension())))
                    .build()));
  }

  private List<IndexParam> indexes(Layout layout) {
    List<IndexParam> indexes = new ArrayList<>();
    Map<String, Object> params = new HashMap<>(layout.indexParams());
    if (layout.indexType().equals("HNSW")) {
      // Set here because not every server has defaults of its own.
      params.putIfAbsent("M", "16");
      params.putIfAbsent("efConstruction", "200");
    }
    indexes.add(
        IndexParam.builder()
            .fieldName(Rows.VECTOR)
            .indexName(Rows.VECTOR)
            .indexType(IndexParam.IndexType.valueOf(layout.indexType()))
            .metricType(IndexParam.MetricType.COSINE)
            .extraParams(params)
            .build());
    if (server.indexesArrays()) {
      indexes.add(
          IndexParam.builder()
              .fieldName(Rows.TERMS)
              .indexName(Rows.TERMS)
              .indexType(IndexParam.IndexType.INVERTED)
              .build());
    }
    return indexes;
  }

  /** Makes a generation the index. Returns the former one. */
  public Optional<String> promote(String alias, MilvusIndex index) {
    Optional<String> before = current(alias);
    server.tell(
        "point " + alias + " to " + index.name(),
        client -> {
          if (before.isEmpty()) {
            client.createAlias(
                CreateAliasReq.builder().alias(alias).collectionName(index.name()).build());
          } else if (!before.get().equals(index.name())) {
            client.alterAlias(
                AlterAliasReq.builder().alias(alias).collectionName(index.name()).build());
          }
        });
    return before.filter(name -> !name.equals(index.name()));
  }

  /** Drops the index: its alias and all its generations. */
  public void drop(String alias) {
    for (String generation : generations(alias)) {
      dropGeneration(generation);
    }
  }

  /** Drops the generations that the alias does not point to. */
  public void dropOthers(String alias) {
    Optional<String> current = current(alias);
    for (String generation : generations(alias)) {
      if (!current.equals(Optional.of(generation))) {
        dropGeneration(generation);
      }
    }
  }

  private List<String> generations(String alias) {
    Pattern generation = Pattern.compile(Pattern.quote(alias) + "_[a-z0-9]+");
    return all().stream().filter(name -> generation.matcher(name).matches()).toList();
  }

  /** All collections whose name begins with our prefix. */
  public List<String> all() {
    return server
        .ask("list collections", client -> client.listCollections().getCollectionNames())
        .stream()
        .filter(name -> name.startsWith(server.options().prefix() + "_"))
        .toList();
  }

  /** Drops a collection and the aliases that point to it. */
  public void dropGeneration(String name) {
    server.tell(
        "drop " + name,
        client -> {
          for (String alias : aliases(client, name)) {
            client.dropAlias(DropAliasReq.builder().alias(alias).build());
          }
          client.dropCollection(DropCollectionReq.builder().collectionName(name).build());
        });
    LOG.infof("dropped %s", name);
  }

  private static List<String> aliases(MilvusClientV2 client, String name) {
    return client.listAliases(ListAliasesReq.builder().collectionName(name).build()).getAlias();
  }

  private Optional<Layout> layout(String name) {
    return OwnRows.read(server, name, OwnRows.LAYOUT).flatMap(Layout::read);
  }

  private void load(String name) {
    long deadline = System.nanoTime() + LOAD_PATIENCE.toNanos();
    if (isLoaded(name)) {
      return;
    }
    server.tell(
        "load " + name,
        client ->
            client.loadCollection(
                LoadCollectionReq.builder().collectionName(name).sync(false).build()));
    while (!isLoaded(name)) {
      if (System.nanoTime() > deadline) {
        throw new IndexException(
            IndexException.Kind.UNAVAILABLE, "Milvus is still loading " + name);
      }
      try {
        Thread.sleep(LOAD_POLL);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IndexException(IndexException.Kind.UNAVAILABLE, "interrupted", e);
      }
    }
  }

  private boolean isLoaded(String name) {
    return server.ask(
        "look whether " + name + " is loaded",
        client ->
            client.getLoadStateV2(GetLoadStateReq.builder().collectionName(name).build()).getState()
                == LoadState.LoadStateLoaded);
  }
}
