package dev.lookalike.query.index.lucene;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.FoldedImage;
import dev.lookalike.query.index.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.SortedDocValuesField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.IndexableField;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.util.BytesRef;

/**
 * A record as a Lucene document. Stored are the outcome without its embedding and the annotations,
 * as the log says them; everything else is derived from these for searching.
 */
final class LuceneFields {
  /** Image id: term and sorted value. */
  static final String ID = "id";

  /** "s", "r", "d"; "w" while only annotations are known. */
  static final String STATE = "state";

  static final String VECTOR = "vector";
  static final String ATTRIBUTES = "attributes";
  static final String LABELS = "labels";

  /** The same as {@link #label} writes them. */
  static final String LABELS_BY_SOURCE = "labels-by-source";

  /** SHA-256 of the uploaded bytes. */
  static final String ORIGINAL = "original";

  private static final String OUTCOME = "outcome";

  /** Offset in eight bytes, then the event; one for each annotation. */
  private static final String ANNOTATION = "annotation";

  static final Set<String> STORED = Set.of(OUTCOME, ANNOTATION);

  private LuceneFields() {}

  static String letter(State state) {
    return switch (state) {
      case SEARCHABLE -> "s";
      case REJECTED -> "r";
      case DELETED -> "d";
    };
  }

  /** A label and who says it, as a term. */
  static String label(Filter.Source source, String name) {
    return source.name() + "/" + name;
  }

  static Document document(FoldedImage record) {
    Document document = new Document();
    document.add(new StringField(ID, record.imageId(), Field.Store.NO));
    document.add(new SortedDocValuesField(ID, new BytesRef(record.imageId())));
    for (Change.Annotation annotation : record.annotations()) {
      byte[] event = annotation.event().toByteArray();
      document.add(
          new StoredField(
              ANNOTATION,
              ByteBuffer.allocate(Long.BYTES + event.length)
                  .putLong(annotation.offset())
                  .put(event)
                  .array()));
    }
    Optional<Entry> entry = record.entry();
    document.add(
        new StringField(
            STATE, entry.map(Entry::state).map(LuceneFields::letter).orElse("w"), Field.Store.NO));
    entry.ifPresent(known -> add(document, known));
    return document;
  }

  private static void add(Document document, Entry entry) {
    document.add(new StoredField(OUTCOME, entry.outcome().toByteArray()));
    if (entry.state() == State.DELETED) {
      return;
    }
    for (BytesRef term : AttributeTerms.of(entry.attributes())) {
      document.add(new StringField(ATTRIBUTES, term, Field.Store.NO));
    }
    entry.labels().stream()
        .map(Label::getName)
        .distinct()
        .filter(name -> name.length() <= AttributeTerms.MAX_BYTES / 4)
        .forEach(name -> document.add(new StringField(LABELS, name, Field.Store.NO)));
    entry.labels().stream()
        .filter(label -> label.getName().length() <= AttributeTerms.MAX_BYTES / 4)
        .flatMap(label -> Filter.Source.of(label).map(by -> label(by, label.getName())).stream())
        .distinct()
        .forEach(term -> document.add(new StringField(LABELS_BY_SOURCE, term, Field.Store.NO)));
    ByteString original = entry.originalSha256();
    if (!original.isEmpty() && original.size() <= AttributeTerms.MAX_BYTES) {
      document.add(new StringField(ORIGINAL, new BytesRef(original.toByteArray()), Field.Store.NO));
    }
    entry
        .embedding()
        .ifPresent(
            embedding ->
                document.add(
                    new KnnFloatVectorField(
                        VECTOR, embedding, VectorSimilarityFunction.DOT_PRODUCT)));
  }

  /**
   * Reads a record back.
   *
   * @param embedding as read for it, where it has one
   */
  static FoldedImage record(String imageId, Document document, Optional<float[]> embedding)
      throws IOException {
    try {
      List<Change.Annotation> annotations = new ArrayList<>();
      for (IndexableField field : document.getFields(ANNOTATION)) {
        BytesRef value = field.binaryValue();
        ByteBuffer buffer = ByteBuffer.wrap(value.bytes, value.offset, value.length);
        long offset = buffer.getLong();
        annotations.add(new Change.Annotation(imageId, offset, AnnotationEvent.parseFrom(buffer)));
      }
      BytesRef outcome = document.getBinaryValue(OUTCOME);
      if (outcome == null) {
        return new FoldedImage(imageId, Optional.empty(), annotations);
      }
      EmbeddingEvent event =
          EmbeddingEvent.parseFrom(ByteBuffer.wrap(outcome.bytes, outcome.offset, outcome.length));
      return new FoldedImage(
          imageId, Optional.of(new Change.Outcome(imageId, event, embedding)), annotations);
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new CorruptIndexException("stored record of " + imageId, "document", e);
    }
  }
}
