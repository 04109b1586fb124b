package dev.lookalike.query.metrics;

import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Every metric of the service. Labels come from enums only. */
public final class QueryMetrics {
  /** What was looked for. */
  public enum SearchKind {
    /** At least one example was an image's bytes. */
    IMAGE,
    ID,
    VECTOR
  }

  /** What a record of the log was. */
  public enum RecordKind {
    EMBEDDED,
    REJECTED,
    REMOVED,
    ANNOTATION,
    /** Without value. */
    EMPTY,
    /** Skipped; logged with its position. */
    UNREADABLE
  }

  /** How a request ended. */
  public enum RequestEnd {
    ANSWERED,
    REFUSED,
    FULL,
    FAILED
  }

  private final Map<SearchKind, Timer> searches = new EnumMap<>(SearchKind.class);
  private final Map<RecordKind, Counter> records = new EnumMap<>(RecordKind.class);
  private final Map<RequestEnd, Counter> requests = new EnumMap<>(RequestEnd.class);
  private final Timer apply;
  private final Timer refresh;
  private final Timer commit;
  private final Timer embed;
  private final Timer uploadToSearchable;
  private final Counter rebuilds;
  private final MeterRegistry registry;

  public QueryMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (SearchKind kind : SearchKind.values()) {
      searches.put(
          kind,
          timer("lookalike.query.search", "From request to answer, waits included", tag(kind)));
    }
    for (RecordKind kind : RecordKind.values()) {
      records.put(
          kind,
          Counter.builder("lookalike.query.records")
              .description("Records read from the log")
              .tags(tag(kind))
              .register(registry));
    }
    for (RequestEnd end : RequestEnd.values()) {
      requests.put(
          end,
          Counter.builder("lookalike.query.requests")
              .description("Requests by how they ended")
              .tags(Tags.of("end", end.name().toLowerCase(Locale.ROOT)))
              .register(registry));
    }
    apply = timer("lookalike.query.index.apply", "Applying one batch of records", Tags.empty());
    refresh = timer("lookalike.query.index.refresh", "Making records visible", Tags.empty());
    commit = timer("lookalike.query.index.commit", "Making records durable", Tags.empty());
    embed = timer("lookalike.query.embed", "Waiting for embed-service", Tags.empty());
    uploadToSearchable =
        timer("lookalike.query.upload.to.searchable", "From acceptance to visible", Tags.empty());
    rebuilds =
        Counter.builder("lookalike.query.index.rebuilds")
            .description("Indexes built anew because the old could not be used")
            .register(registry);
  }

  private Timer timer(String name, String description, Tags tags) {
    return Timer.builder(name)
        .description(description)
        .tags(tags)
        .publishPercentileHistogram()
        .minimumExpectedValue(Duration.ofMillis(1))
        .maximumExpectedValue(Duration.ofSeconds(60))
        .register(registry);
  }

  private static Tags tag(Enum<?> kind) {
    return Tags.of("kind", kind.name().toLowerCase(Locale.ROOT));
  }

  public void searched(SearchKind kind, Duration took) {
    Objects.requireNonNull(searches.get(kind)).record(took);
  }

  public void read(RecordKind kind) {
    Objects.requireNonNull(records.get(kind)).increment();
  }

  private void ended(RequestEnd end) {
    Objects.requireNonNull(requests.get(end)).increment();
  }

  /** Does the work of a request and counts how it ended. */
  public <T> T counted(Supplier<T> work) {
    try {
      T answer = work.get();
      ended(RequestEnd.ANSWERED);
      return answer;
    } catch (RefusedException e) {
      ended(e.code() == ErrorCode.FULL ? RequestEnd.FULL : RequestEnd.REFUSED);
      throw e;
    } catch (RuntimeException | Error e) {
      ended(RequestEnd.FAILED);
      throw e;
    }
  }

  public void applied(Duration took) {
    apply.record(took);
  }

  public void refreshed(Duration took) {
    refresh.record(took);
  }

  public void committed(Duration took) {
    commit.record(took);
  }

  public void embedded(Duration took) {
    embed.record(took);
  }

  public void searchable(Duration sinceAccepted) {
    uploadToSearchable.record(sinceAccepted);
  }

  public void rebuilt() {
    rebuilds.increment();
  }

  /** Publishes what the indexes hold and how far they are behind, summed over collections. */
  public <T> void watch(T source, ToDoubleFunction<T> images, ToDoubleFunction<T> lag) {
    Gauge.builder("lookalike.query.index.images", source, images)
        .description("Searchable images")
        .register(registry);
    Gauge.builder("lookalike.query.index.lag", source, lag)
        .description("Records of the log that are not applied yet, markers included")
        .register(registry);
  }

  /** Publishes whether Lucene compares vectors with SIMD; once. */
  public void simd(boolean used) {
    int value = used ? 1 : 0;
    Gauge.builder("lookalike.query.simd", () -> value)
        .description("1 if Lucene compares vectors with SIMD, 0 if not")
        .register(registry);
  }

  /** Publishes what requests hold while they arrive and are worked on; once. */
  public void intake(Supplier<Number> bytes) {
    Gauge.builder("lookalike.query.intake.bytes", bytes).register(registry);
  }
}
