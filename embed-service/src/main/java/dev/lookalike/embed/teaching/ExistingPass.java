package dev.lookalike.embed.teaching;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.events.v1.ExistingProgress;
import dev.lookalike.proto.image.v1.ImageVersion;
import dev.lookalike.proto.image.v1.Label;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * One pass over the images that were in a partition before the collection was taught: what the
 * classifier says of each, and how far it has got. Works from the embeddings in the log, without a
 * model. Used by one thread.
 */
public final class ExistingPass {
  private final Share share;
  private final Taught taught;
  private final int partition;
  private final ExistingProgress.Builder progress;
  private long saved;

  /**
   * What is to be written of one image.
   *
   * @param label empty: its label of a classifier is taken away
   */
  public record Spoken(ImageVersion version, Optional<Label> label) {}

  /** Goes on where the log says that an earlier pass for the same record got to. */
  public ExistingPass(Share share, Taught taught, int partition) {
    this.share = share;
    this.taught = taught;
    this.partition = partition;
    this.progress = taught.progress(partition).toBuilder();
    this.saved = progress.getExamined();
  }

  /**
   * The partitions of a share that have to be gone through now. None before its pipeline labels by
   * the same record: whatever an older one says lies before the end that a pass reads to. Removals
   * concern every build; classifiers only their own.
   *
   * @param complete partitions that are done though the log does not say so yet
   */
  public static List<Integer> open(Taught taught, Share share, IntPredicate complete) {
    boolean due =
        taught.concernsExisting()
            && taught.offset() == share.taughtBy()
            && (taught.description().isEmpty() || taught.appliesTo(share.build()));
    return due
        ? share.partitions().stream()
            .filter(each -> !taught.progress(each).getComplete() && !complete.test(each))
            .sorted()
            .toList()
        : List.of();
  }

  /**
   * Whether the partition still has to be gone through, by this instance, for the same record.
   *
   * @param now what the collection is taught now
   * @param shares of this instance now
   */
  public boolean isStillDue(Optional<Taught> now, List<Share> shares) {
    return now.filter(each -> each.offset() == taught.offset()).isPresent()
        && shares.stream().anyMatch(each -> share.stillHas(partition, each));
  }

  /** Offset of the first record that was not examined yet; 0 at first. */
  public long position() {
    return progress.getPosition();
  }

  /** Everything before this offset has been examined, and what was said of it is written. */
  public void reached(long position) {
    progress.setPosition(position);
  }

  /**
   * Examines a record of the embeddings topic.
   *
   * @param key null: none
   * @param value null: none
   * @return empty where there is nothing to write: no embedding of this generation, or an image
   *     that a user has labelled
   */
  public Optional<Spoken> examine(byte @Nullable [] key, byte @Nullable [] value) {
    EmbeddingEvent event;
    try {
      event = EmbeddingEvent.parseFrom(value == null ? new byte[0] : value);
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty(); // The reader of the index says so; here it is no embedding.
    }
    Embedded embedded = event.getEmbedded();
    if (key == null
        || !event.hasEmbedded()
        || event.getSource().getPartition() != partition
        || event.getSource().getGeneration() != share.build().getGeneration()
        || TaughtLabels.areNotWanted(embedded.getLabelsList())) {
      return Optional.empty();
    }
    Optional<Label> label =
        embedded.getEmbeddingCount() == share.build().getModel().getDimension()
            ? taught.label(values(embedded))
            : Optional.empty();
    progress.setExamined(progress.getExamined() + 1);
    label.ifPresent(said -> progress.setLabelled(progress.getLabelled() + 1));
    return Optional.of(new Spoken(event.getSource(), label));
  }

  private static float[] values(Embedded embedded) {
    float[] values = new float[embedded.getEmbeddingCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = embedded.getEmbedding(i);
    }
    return values;
  }

  /** The progress, where it is due to be written: after so many images. */
  public Optional<ExistingProgress> toSave(int every) {
    if (progress.getExamined() - saved < every) {
      return Optional.empty();
    }
    saved = progress.getExamined();
    return Optional.of(progress.build());
  }

  /** The last progress of a pass that has come to its end. */
  public ExistingProgress complete() {
    return progress.setComplete(true).build();
  }
}
