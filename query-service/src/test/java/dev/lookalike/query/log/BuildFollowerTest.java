package dev.lookalike.query.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lookalike.log.Topics;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.ModelReference;
import dev.lookalike.query.follow.LogRecord;
import dev.lookalike.query.follow.Records;
import dev.lookalike.query.index.Counts;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.MemoryIndex;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.metrics.QueryMetrics;
import dev.lookalike.query.store.IndexSettings;
import dev.lookalike.query.store.IndexSource;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The thread of a follower, with Kafka's own fake of a consumer and an index in memory. */
class BuildFollowerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Collection COLLECTION =
      Collection.newBuilder().setId("c1").setName("shop").setPartitions(1).build();
  private static final Build BUILD =
      Build.newBuilder()
          .setId("b1")
          .setGeneration(1)
          .setModel(ModelReference.newBuilder().setDimension(2))
          .build();
  private static final TopicPartition OUTCOMES =
      new TopicPartition(Topics.embeddings("c1", "b1"), 0);
  private static final TopicPartition ANNOTATIONS = new TopicPartition(Topics.annotations("c1"), 0);

  /** An index whose content survives; can fail to open, and be served only. */
  private static final class Source implements IndexSource {
    private MemoryIndex.Disk disk = new MemoryIndex.Disk();
    private final List<MemoryIndex> opened = new CopyOnWriteArrayList<>();
    private final AtomicInteger deleted = new AtomicInteger();
    private volatile Optional<String> away = Optional.empty();
    private volatile boolean writes = true;
    private volatile int failures;

    @Override
    public synchronized VectorIndex open(Collection collection, Build build) {
      if (failures > 0) {
        failures--;
        throw new IndexException(IndexException.Kind.UNAVAILABLE, "the disk is full");
      }
      MemoryIndex index = MemoryIndex.open(disk, 2);
      opened.add(index);
      return index;
    }

    @Override
    public boolean isCurrent(Collection collection, Build build, VectorIndex index) {
      return true;
    }

    @Override
    public synchronized void delete(Collection collection, Build build) {
      assertThat(opened).as("it is not open").allMatch(MemoryIndex::isClosed);
      deleted.incrementAndGet();
      disk = new MemoryIndex.Disk();
    }

    @Override
    public boolean writes() {
      return writes;
    }

    @Override
    public Optional<String> away() {
      return away;
    }
  }

  private final Source source = new Source();
  private final List<MockConsumer<byte[], byte[]>> consumers = new CopyOnWriteArrayList<>();
  private final List<LogRecord> log = new CopyOnWriteArrayList<>();

  /** Thrown by the first poll of the consumers made from now on, one each. */
  private final List<KafkaException> failures = new CopyOnWriteArrayList<>();

  private volatile int partitions = 1;
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final BuildFollower follower = follower();

  private BuildFollower follower() {
    return new BuildFollower(
        COLLECTION,
        BUILD,
        this::consumer,
        new SmallRyeConfigBuilder()
            .addDiscoveredConverters()
            .withMapping(IndexSettings.class, "lookalike.index")
            .withDefaultValue("lookalike.index.milvus.watch-interval", "10ms")
            .build()
            .getConfigMapping(IndexSettings.class, "lookalike.index"),
        source,
        () -> {},
        new QueryMetrics(registry));
  }

  @AfterEach
  void close() {
    follower.close();
  }

  private Consumer<byte[], byte[]> consumer() {
    MockConsumer<byte[], byte[]> made = new MockConsumer<>("none");
    for (TopicPartition each : List.of(OUTCOMES, ANNOTATIONS)) {
      made.updateBeginningOffsets(Map.of(each, 0L));
      List<PartitionInfo> infos = new ArrayList<>();
      for (int partition = 0; partition < partitions; partition++) {
        infos.add(
            new PartitionInfo(each.topic(), partition, Node.noNode(), new Node[0], new Node[0]));
      }
      made.updatePartitions(each.topic(), infos);
    }
    made.updateEndOffsets(Map.of(OUTCOMES, (long) log.size(), ANNOTATIONS, 0L));
    made.schedulePollTask(
        () -> {
          if (!failures.isEmpty()) {
            made.setPollException(failures.remove(0));
            return;
          }
          long position = made.position(OUTCOMES);
          log.stream().filter(each -> each.offset() >= position).forEach(each -> add(made, each));
        });
    consumers.add(made);
    return made;
  }

  private static void add(MockConsumer<byte[], byte[]> to, LogRecord record) {
    to.addRecord(
        new ConsumerRecord<>(OUTCOMES.topic(), 0, record.offset(), record.key(), record.value()));
  }

  private void published(int images) {
    for (int i = 0; i < images; i++) {
      log.add(Records.embedded("i" + i, i, i, 1, 0));
    }
  }

  private void caughtUp() {
    await().atMost(PATIENCE).until(follower::caughtUp);
  }

  private Counts counts() {
    return follower.index().orElseThrow().counts();
  }

  @Test
  void readsTheLogIntoTheIndexAndCommitsAtTheEnd() {
    published(3);
    follower.start();
    caughtUp();
    assertThat(counts()).isEqualTo(new Counts(3, 0, 0));
    assertThat(follower.problem()).isEmpty();
    await().atMost(PATIENCE).until(() -> follower.lag() == 0);
    follower.close();
    assertThat(follower.index()).isEmpty();
    assertThat(follower.caughtUp()).isFalse();
    assertThat(MemoryIndex.open(source.disk, 2).counts()).isEqualTo(new Counts(3, 0, 0));
    assertThat(consumers).allMatch(MockConsumer::closed);
  }

  @Test
  void goesOnWhereTheIndexStands() {
    published(2);
    follower.start();
    caughtUp();
    follower.close();
    log.add(Records.embedded("later", 2, 2, 1, 0));
    try (BuildFollower again = follower()) {
      again.start();
      await()
          .atMost(PATIENCE)
          .until(() -> again.index().filter(index -> index.counts().searchable() == 3).isPresent());
      assertThat(registry.get("lookalike.query.records").tag("kind", "embedded").counter().count())
          .as("each is read once")
          .isEqualTo(3);
    }
  }

  @Test
  void aConsumerThatFailsIsReplacedAndNothingIsLost() {
    published(2);
    failures.add(new KafkaException("the connection broke"));
    follower.start();
    caughtUp();
    assertThat(counts()).isEqualTo(new Counts(2, 0, 0));
    assertThat(consumers).hasSize(2);
    assertThat(source.opened).as("the index stays open").hasSize(1);
  }

  @Test
  void whatTheBrokerRefusesIsSaidAndTriedAgain() {
    published(1);
    for (int i = 0; i < 1000; i++) {
      failures.add(new TopicAuthorizationException("Not authorized"));
    }
    follower.start();
    await()
        .atMost(PATIENCE)
        .until(() -> follower.problem().filter(why -> why.contains("refuses")).isPresent());
    assertThat(follower.problem().orElseThrow()).contains("Not authorized", "docs/kafka.md");
    failures.clear();
    caughtUp();
    assertThat(follower.problem()).isEmpty();
  }

  @Test
  void aLogThatNoLongerReachesBackMeansARebuild() {
    published(2);
    failures.add(new OffsetOutOfRangeException(Map.of(OUTCOMES, 0L)));
    follower.start();
    caughtUp();
    assertThat(source.deleted).hasValue(1);
    assertThat(source.opened).hasSize(2);
    assertThat(registry.get("lookalike.query.index.rebuilds").counter().count()).isEqualTo(1);
    assertThat(counts()).isEqualTo(new Counts(2, 0, 0));
  }

  @Test
  void anIndexThatFailsIsOpenedAgain() {
    published(1);
    source.failures = 1;
    follower.start();
    caughtUp();
    assertThat(source.opened).hasSize(1);
    source.opened.get(0).crash();
    consumers.get(0).schedulePollTask(() -> add(consumers.get(0), log(1)));
    await().atMost(PATIENCE).until(() -> source.opened.size() == 2);
    caughtUp();
  }

  private LogRecord log(long offset) {
    LogRecord record = Records.embedded("i" + offset, offset, offset, 1, 0);
    log.add(record);
    return record;
  }

  @Test
  void nothingIsOpenedWhileTheEngineIsAway() {
    source.away = Optional.of("Milvus does not answer");
    follower.start();
    await()
        .atMost(PATIENCE)
        .until(() -> follower.problem().filter("Milvus does not answer"::equals).isPresent());
    assertThat(source.opened).isEmpty();
    source.away = Optional.empty();
    caughtUp();
  }

  @Test
  void aTopicThatIsNotThereIsWaitedFor() {
    partitions = 0;
    follower.start();
    await()
        .atMost(PATIENCE)
        .until(() -> follower.problem().filter(why -> why.contains(OUTCOMES.topic())).isPresent());
    follower.close();
    assertThat(source.opened).allMatch(MemoryIndex::isClosed);
  }

  @Test
  void aTopicWithOtherPartitionsIsNotRead() {
    published(1);
    partitions = 2;
    follower.start();
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                follower.problem().filter(why -> why.endsWith("2 partitions, not 1")).isPresent());
    assertThat(counts()).isEqualTo(new Counts(0, 0, 0));
  }

  @Test
  void aProcessThatOnlyServesWatchesAndWritesNothing() {
    source.writes = false;
    follower.start();
    caughtUp();
    published(1);
    assertThat(counts()).isEqualTo(new Counts(0, 0, 0));
    follower.close();
    assertThat(source.opened).hasSize(1).allMatch(MemoryIndex::isClosed);
    assertThat(consumers.get(0).assignment()).isEmpty();
  }

  @Test
  void theThreadIsNamedAfterTheCollection() {
    follower.start();
    assertThat(Thread.getAllStackTraces().keySet())
        .anyMatch(thread -> thread.getName().equals("follow-c1"));
  }

  @Test
  void closesTwiceAndBeforeItHasStarted() {
    follower.close();
    follower.close();
    assertThat(source.opened).isEmpty();
  }
}
