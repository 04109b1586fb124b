package dev.lookalike.query.search;

import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.events.v1.Embedded;
import dev.lookalike.proto.events.v1.Rejected;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.Vector;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.State;
import java.util.function.Consumer;

/** Entries of an index as messages of the contract. */
final class EntryMessages {
  private final ContentUrls urls;

  EntryMessages(ContentUrls urls) {
    this.urls = urls;
  }

  ImageEntry entry(Collection collection, Entry entry) {
    ImageEntry.Builder answer =
        ImageEntry.newBuilder()
            .setImageId(entry.imageId())
            .setState(state(entry.state()))
            .setVersion(entry.version())
            .putAllAttributes(entry.attributes())
            .addAllLabels(entry.labels());
    switch (entry.outcome().getOutcomeCase()) {
      case EMBEDDED -> {
        Embedded embedded = entry.outcome().getEmbedded();
        answer
            .setPerceptualHash(embedded.getPerceptualHash())
            .setModel(embedded.getModel())
            .setDevice(embedded.getDevice());
        copy(embedded.hasCanonical(), embedded.getCanonical(), answer::setCanonical);
        copy(embedded.hasOriginal(), embedded.getOriginal(), answer::setOriginal);
      }
      case REJECTED -> {
        Rejected rejected = entry.outcome().getRejected();
        answer
            .setReason(rejected.getReason())
            .setDetail(rejected.getDetail())
            .setAttempts(rejected.getAttempts());
        copy(rejected.hasOriginal(), rejected.getOriginal(), answer::setOriginal);
      }
      case REMOVED, OUTCOME_NOT_SET -> {}
    }
    copy(entry.outcome().hasAcceptedAt(), entry.outcome().getAcceptedAt(), answer::setAcceptedAt);
    copy(entry.outcome().hasProducedAt(), entry.outcome().getProducedAt(), answer::setEmbeddedAt);
    entry.embedding().ifPresent(embedding -> answer.setVector(vector(embedding)));
    if (entry.state() != State.DELETED) {
      answer
          .setContentUrl(urls.content(collection, entry.imageId(), entry.version()))
          .setThumbnailUrl(urls.thumbnail(collection, entry.imageId(), entry.version()));
    }
    return answer.build();
  }

  private static <M> void copy(boolean present, M value, Consumer<M> set) {
    if (present) {
      set.accept(value);
    }
  }

  static ImageState state(State state) {
    return switch (state) {
      case SEARCHABLE -> ImageState.IMAGE_STATE_SEARCHABLE;
      case REJECTED -> ImageState.IMAGE_STATE_REJECTED;
      case DELETED -> ImageState.IMAGE_STATE_DELETED;
    };
  }

  static Vector vector(float[] values) {
    Vector.Builder vector = Vector.newBuilder();
    for (float value : values) {
      vector.addValues(value);
    }
    return vector.build();
  }
}
