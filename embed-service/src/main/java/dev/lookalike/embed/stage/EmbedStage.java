package dev.lookalike.embed.stage;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.embed.infer.Embedder;
import dev.lookalike.embed.infer.Inferred;
import dev.lookalike.embed.metrics.EmbedMetrics;
import dev.lookalike.embed.metrics.EmbedMetrics.Phase;
import dev.lookalike.embed.metrics.EmbedMetrics.Urgency;
import dev.lookalike.embed.model.runtime.PixelBuffer;
import dev.lookalike.imaging.CanonicalDecoder;
import dev.lookalike.imaging.DecodeResult;
import dev.lookalike.imaging.PerceptualHash;
import dev.lookalike.proto.events.v1.ImageEvent;
import dev.lookalike.proto.events.v1.RemovalCause;
import dev.lookalike.proto.events.v1.Stored;
import dev.lookalike.proto.image.v1.CanonicalImage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.jboss.logging.Logger;

/**
 * Records in, equally many outcomes out, in the same order; knows no Kafka. While one batch is
 * inferred the next one, and no more than that, is decoded and preprocessed. Used by one thread.
 */
public final class EmbedStage {
  private static final Logger LOG = Logger.getLogger(EmbedStage.class);

  private final Embedder embedder;
  private final ExecutorService decoders;
  private final EmbedMetrics metrics;

  /** Two, used in turn: one is inferred, the other filled. */
  private final PixelBuffer[] slots;

  public EmbedStage(Embedder embedder, ExecutorService decoders, EmbedMetrics metrics) {
    this.embedder = embedder;
    this.decoders = decoders;
    this.metrics = metrics;
    this.slots = new PixelBuffer[] {embedder.slots(), embedder.slots()};
  }

  /** A stored image that waits for its embedding. */
  private record Waiting(int index, ImageRecord record, Stored stored) {}

  /** What the decoders made of an image: a hash, or a reason. */
  private record Prepared(Waiting waiting, long perceptualHash, Optional<EmbedOutcome> refused) {}

  /** A batch on its way to the model. */
  private record Batch(PixelBuffer slots, List<Future<Prepared>> images) {}

  /** An image that an event of the same poll deletes later: partition and key. */
  private record Place(int partition, ByteBuffer key) {
    static Place of(ImageRecord record) {
      return new Place(record.position().partition(), ByteBuffer.wrap(record.key()));
    }
  }

  /**
   * @return one outcome for each record, in order
   * @throws InterruptedException when it is to stop; nothing has happened then
   */
  public List<EmbedOutcome> embed(List<ImageRecord> records) throws InterruptedException {
    EmbedOutcome[] outcomes = new EmbedOutcome[records.size()];
    List<Waiting> waiting = read(records, outcomes);
    Batch next = null;
    int taken = 0;
    int turn = 0;
    if (!waiting.isEmpty()) {
      int size = embedder.bulkBatchSize(waiting.size());
      next = prepare(waiting.subList(0, size), slots[turn]);
      taken = size;
    }
    try {
      while (next != null) {
        Batch now = next;
        next = null;
        if (taken < waiting.size()) {
          turn = 1 - turn;
          int size = embedder.bulkBatchSize(waiting.size() - taken);
          next = prepare(waiting.subList(taken, taken + size), slots[turn]);
          taken += size;
        }
        infer(now, outcomes);
      }
    } finally {
      if (next != null) {
        settle(next);
      }
    }
    for (EmbedOutcome outcome : outcomes) {
      if (outcome == null) {
        throw new IllegalStateException("a record without outcome");
      }
    }
    return Arrays.asList(outcomes);
  }

  /** Decides what needs no pixels, from the newest record to the oldest. */
  private static List<Waiting> read(List<ImageRecord> records, EmbedOutcome[] outcomes) {
    List<Waiting> waiting = new ArrayList<>();
    Set<Place> deletedLater = new HashSet<>();
    for (int i = records.size() - 1; i >= 0; i--) {
      ImageRecord record = records.get(i);
      ImageEvent event;
      try {
        event = ImageEvent.parseFrom(record.value());
      } catch (InvalidProtocolBufferException e) {
        outcomes[i] = unreadable(record, "the record is no image event: " + e.getMessage());
        continue;
      }
      switch (event.getEventCase()) {
        case DELETED -> {
          deletedLater.add(Place.of(record));
          outcomes[i] =
              new EmbedOutcome.Removed(
                  record.position(),
                  record.key(),
                  RemovalCause.REMOVAL_CAUSE_DELETED,
                  event.getDeleted().getAcceptedAt());
        }
        case STORED -> {
          if (deletedLater.contains(Place.of(record))) {
            outcomes[i] =
                new EmbedOutcome.Removed(
                    record.position(),
                    record.key(),
                    RemovalCause.REMOVAL_CAUSE_DELETED_LATER,
                    event.getStored().getAcceptedAt());
          } else {
            waiting.add(new Waiting(i, record, event.getStored()));
          }
        }
        case EVENT_NOT_SET ->
            outcomes[i] =
                unreadable(record, "the record is of a kind that this version does not know");
      }
    }
    return waiting.reversed();
  }

  private static EmbedOutcome unreadable(ImageRecord record, String detail) {
    return new EmbedOutcome.Rejected(
        record.position(),
        record.key(),
        Stored.getDefaultInstance(),
        RejectReason.RECORD_UNREADABLE,
        detail);
  }

  private Batch prepare(List<Waiting> images, PixelBuffer target) {
    List<Future<Prepared>> prepared = new ArrayList<>(images.size());
    for (int slot = 0; slot < images.size(); slot++) {
      int to = slot;
      Waiting image = images.get(slot);
      prepared.add(decoders.submit(() -> prepare(image, target, to)));
    }
    return new Batch(target, prepared);
  }

  private Prepared prepare(Waiting image, PixelBuffer target, int slot) {
    CanonicalImage canonical = image.stored().getCanonical();
    if (canonical.getLocationCase() != CanonicalImage.LocationCase.INLINE) {
      return refused(
          image,
          RejectReason.CONTENT_UNAVAILABLE,
          canonical.getLocationCase() == CanonicalImage.LocationCase.BLOB
              ? "the canonical image is in a store that this instance has no access to"
              : "the record holds no canonical image");
    }
    try {
      return decoded(image, canonical.getInline().toByteArray(), target, slot);
    } catch (RuntimeException e) {
      // A fault of ours, and yet one image must not hold up those behind it.
      LOG.errorf(e, "decoding of %s failed", image.record().position());
      return refused(image, RejectReason.CANONICAL_UNREADABLE, "the decoder failed");
    }
  }

  private Prepared decoded(Waiting image, byte[] jpeg, PixelBuffer target, int slot) {
    long start = System.nanoTime();
    DecodeResult result = CanonicalDecoder.decode(jpeg);
    metrics.took(Phase.DECODE, Urgency.BULK, System.nanoTime() - start);
    return switch (result) {
      case DecodeResult.Refused refused ->
          refused(
              image, RejectReason.CANONICAL_UNREADABLE, refused.reason() + ": " + refused.detail());
      case DecodeResult.Decoded decoded -> {
        embedder.prepare(decoded.image(), target, slot, Urgency.BULK);
        yield new Prepared(image, PerceptualHash.of(decoded.image()), Optional.empty());
      }
    };
  }

  private static Prepared refused(Waiting image, RejectReason reason, String detail) {
    return new Prepared(
        image,
        0,
        Optional.of(
            new EmbedOutcome.Rejected(
                image.record().position(), image.record().key(), image.stored(), reason, detail)));
  }

  private void infer(Batch batch, EmbedOutcome[] outcomes) throws InterruptedException {
    settle(batch);
    List<Prepared> good = new ArrayList<>(batch.images().size());
    for (int slot = 0; slot < batch.images().size(); slot++) {
      Prepared prepared = result(batch.images().get(slot));
      if (prepared.refused().isPresent()) {
        outcomes[prepared.waiting().index()] = prepared.refused().get();
        continue;
      }
      if (good.size() < slot) {
        batch.slots().move(slot, good.size());
      }
      good.add(prepared);
    }
    List<Inferred> inferred = embedder.infer(batch.slots(), good.size(), Urgency.BULK);
    if (inferred.size() != good.size()) {
      throw new IllegalStateException(inferred.size() + " outcomes for " + good.size());
    }
    for (int i = 0; i < good.size(); i++) {
      Waiting image = good.get(i).waiting();
      outcomes[image.index()] =
          switch (inferred.get(i)) {
            case Inferred.Embedding embedding ->
                new EmbedOutcome.Embedded(
                    image.record().position(),
                    image.record().key(),
                    image.stored(),
                    embedding,
                    good.get(i).perceptualHash());
            case Inferred.Failed failed ->
                new EmbedOutcome.Rejected(
                    image.record().position(),
                    image.record().key(),
                    image.stored(),
                    RejectReason.of(failed.failure()),
                    failed.detail());
          };
    }
  }

  /** Nobody writes to the slots of a batch any more when this returns. */
  private static void settle(Batch batch) {
    for (Future<Prepared> image : batch.images()) {
      boolean interrupted = false;
      while (!image.isDone()) {
        try {
          image.get();
        } catch (ExecutionException e) {
          // The batch is given up, for a reason that is on its way already.
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static Prepared result(Future<Prepared> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("decoding failed where it should have refused", e.getCause());
    }
  }
}
