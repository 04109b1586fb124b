package dev.lookalike.query.index.milvus;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lookalike.log.Versions;
import dev.lookalike.proto.events.v1.AnnotationEvent;
import dev.lookalike.proto.events.v1.EmbeddingEvent;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.FoldedImage;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.State;
import io.milvus.v2.client.MilvusClientV2;
import io.milvus.v2.common.DataType;
import io.milvus.v2.service.collection.request.AddFieldReq;
import io.milvus.v2.service.collection.request.CreateCollectionReq.CollectionSchema;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A record as a row of Milvus. The record itself, as the log says it, is in {@link #RECORD};
 * everything else is derived from it for searching.
 */
final class Rows {
  private static final Logger LOG = Logger.getLogger(Rows.class);

  /** Version of the fields and what they mean; an index with another one is rebuilt beside it. */
  static final int SCHEMA = 2;

  /** Image id, as {@link SortedText}; primary key. */
  static final String ID = "id";

  /** Text value of the tenant attribute, as {@link SortedText}; partition key. */
  static final String TENANT = "tenant";

  /** "s", "r", "d"; "w" while only annotations are known; "p" for rows that are not images. */
  static final String STATE = "state";

  /** Version of the outcome, as text: for people. */
  static final String VERSION = "version";

  /** {@link Terms}. */
  static final String TERMS = "terms";

  /** JSON: attributes that can be ordered, by {@link Terms#orderedKey}. */
  static final String ATTRIBUTES = "attributes";

  /** Base64 of the record, in pieces. */
  static final String RECORD = "record";

  static final String VECTOR = "vector";

  static final String SEARCHABLE = letter(State.SEARCHABLE);

  /** State of rows that are not images. */
  static final String OURS = "p";

  private static final int MAX_ID_BYTES = 8192;
  private static final int MAX_TENANT_BYTES = 4096;

  /** Characters of a piece; Milvus takes 65,535 bytes. */
  private static final int PIECE = 60_000;

  private static final int MAX_PIECES = 64;

  /** Bytes of a record: 2.8 MiB. An outcome in the log has 2.1 MiB at most. */
  private static final int MAX_RECORD = PIECE / 4 * 3 * MAX_PIECES;

  /** Bytes of the JSON field that are used; Milvus takes 65,535. */
  private static final int MAX_JSON = 48_000;

  /** A double holds all whole numbers up to this exactly. */
  private static final long MAX_EXACT = 1L << 53;

  private Rows() {}

  static CollectionSchema schema(int dimension) {
    CollectionSchema schema = MilvusClientV2.CreateSchema();
    schema.setEnableDynamicField(false);
    schema.addField(text(ID, MAX_ID_BYTES).isPrimaryKey(true).autoID(false).build());
    schema.addField(text(TENANT, MAX_TENANT_BYTES).isPartitionKey(true).build());
    schema.addField(text(STATE, 1).build());
    schema.addField(text(VERSION, 64).build());
    schema.addField(
        AddFieldReq.builder()
            .fieldName(TERMS)
            .dataType(DataType.Array)
            .elementType(DataType.VarChar)
            .maxLength(Terms.LENGTH)
            .maxCapacity(Terms.MAX_TERMS)
            .build());
    schema.addField(AddFieldReq.builder().fieldName(ATTRIBUTES).dataType(DataType.JSON).build());
    schema.addField(
        AddFieldReq.builder()
            .fieldName(RECORD)
            .dataType(DataType.Array)
            .elementType(DataType.VarChar)
            .maxLength(65_535)
            .maxCapacity(MAX_PIECES)
            .build());
    schema.addField(
        AddFieldReq.builder()
            .fieldName(VECTOR)
            .dataType(DataType.FloatVector)
            .dimension(dimension)
            .build());
    return schema;
  }

  private static AddFieldReq.AddFieldReqBuilder<?> text(String name, int maxBytes) {
    return AddFieldReq.builder().fieldName(name).dataType(DataType.VarChar).maxLength(maxBytes);
  }

  static String letter(State state) {
    return switch (state) {
      case SEARCHABLE -> "s";
      case REJECTED -> "r";
      case DELETED -> "d";
    };
  }

  /** Whether a value of the tenant attribute is a partition key. */
  static boolean isTenant(String value) {
    return !value.isEmpty() && SortedText.of(value).getBytes(UTF_8).length <= MAX_TENANT_BYTES;
  }

  /** The row of an image. */
  static JsonObject of(FoldedImage record, int dimension, String tenantAttribute) {
    Optional<Entry> entry = record.entry();
    String id = SortedText.of(record.imageId());
    float[] vector =
        record
            .outcome()
            .flatMap(Change.Outcome::embedding)
            .orElseGet(() -> somewhere(id, dimension));
    Set<String> terms = entry.map(Terms::of).orElse(Set.of());
    JsonObject ordered = new JsonObject();
    boolean whole = entry.map(known -> order(known, ordered)).orElse(true);
    return row(
        id,
        entry.map(known -> tenant(known, tenantAttribute)).orElse(""),
        entry.map(known -> letter(known.state())).orElse("w"),
        entry.map(known -> Versions.text(known.version())).orElse(""),
        whole ? terms : partial(terms),
        ordered,
        bytes(record),
        vector);
  }

  /**
   * A row that is not an image.
   *
   * @param name a letter beyond f first
   */
  static JsonObject ofOurs(String name, String content, int dimension) {
    return row(
        "!" + name,
        "",
        OURS,
        "",
        Set.of(),
        new JsonObject(),
        content.getBytes(UTF_8),
        somewhere(name, dimension));
  }

  private static JsonObject row(
      String id,
      String tenant,
      String state,
      String version,
      Set<String> terms,
      JsonObject attributes,
      byte[] record,
      float[] vector) {
    JsonObject row = new JsonObject();
    row.addProperty(ID, id);
    row.addProperty(TENANT, tenant);
    row.addProperty(STATE, state);
    row.addProperty(VERSION, version);
    JsonArray said = new JsonArray();
    terms.forEach(said::add);
    row.add(TERMS, said);
    row.add(ATTRIBUTES, attributes);
    JsonArray pieces = new JsonArray();
    String text = Base64.getEncoder().withoutPadding().encodeToString(record);
    for (int start = 0; start < text.length(); start += PIECE) {
      pieces.add(text.substring(start, Math.min(text.length(), start + PIECE)));
    }
    row.add(RECORD, pieces);
    JsonArray values = new JsonArray(vector.length);
    for (float value : vector) {
      values.add(value);
    }
    row.add(VECTOR, values);
    return row;
  }

  private static String tenant(Entry entry, String tenantAttribute) {
    AttributeValue value = entry.attributes().get(tenantAttribute);
    return value != null && value.hasString() && isTenant(value.getString())
        ? SortedText.of(value.getString())
        : "";
  }

  private static Set<String> partial(Set<String> terms) {
    Set<String> marked = new LinkedHashSet<>();
    marked.add(Terms.PARTIAL);
    terms.stream().limit(Terms.MAX_TERMS - 1).forEach(marked::add);
    return marked;
  }

  /** Adds the attributes that can be ordered; false if there is no room for all of them. */
  private static boolean order(Entry entry, JsonObject ordered) {
    if (entry.state() == State.DELETED) {
      return true;
    }
    boolean whole = true;
    int bytes = 0;
    for (Map.Entry<String, AttributeValue> attribute : entry.attributes().entrySet()) {
      AttributeValue value = attribute.getValue();
      switch (value.getKindCase()) {
        case STRING -> {
          String sorted = SortedText.of(value.getString());
          int length = sorted.getBytes(UTF_8).length + 128;
          if (bytes + length > MAX_JSON) {
            whole = false;
          } else {
            bytes += length;
            ordered.addProperty(Terms.orderedKey(attribute.getKey(), Terms.TEXT), sorted);
          }
        }
        case NUMBER -> {
          if (Double.isFinite(value.getNumber())) {
            ordered.addProperty(
                Terms.orderedKey(attribute.getKey(), Terms.NUMBER), value.getNumber() + 0.0);
          } else {
            whole = false;
          }
        }
        case TIME -> {
          long millis = Terms.millis(value);
          if (Math.abs(millis) < MAX_EXACT) {
            ordered.addProperty(Terms.orderedKey(attribute.getKey(), Terms.TIME), millis);
          } else {
            whole = false;
          }
        }
        case BOOLEAN, STRINGS, KIND_NOT_SET -> {}
      }
    }
    return whole;
  }

  /**
   * Milvus wants a vector in every row. One without an embedding gets a random one, which is never
   * searched: many equal vectors would spoil the graph.
   */
  private static float[] somewhere(String id, int dimension) {
    Random random = new Random(id.hashCode());
    float[] vector = new float[dimension];
    double squares = 0;
    for (int i = 0; i < dimension; i++) {
      vector[i] = (float) random.nextGaussian();
      squares += vector[i] * vector[i];
    }
    for (int i = 0; i < dimension; i++) {
      vector[i] = (float) (vector[i] / Math.sqrt(squares));
    }
    return vector;
  }

  /** Length of the outcome or -1, outcome; offset, length and event of each annotation. */
  private static byte[] bytes(FoldedImage record) {
    byte[] outcome = record.outcome().map(said -> said.event().toByteArray()).orElse(new byte[0]);
    int length = Integer.BYTES + outcome.length;
    List<byte[]> events = new ArrayList<>();
    for (Change.Annotation annotation : record.annotations()) {
      byte[] event = annotation.event().toByteArray();
      length += Long.BYTES + Integer.BYTES + event.length;
      events.add(event);
    }
    int first = 0;
    while (length > MAX_RECORD && first < events.size()) {
      length -= Long.BYTES + Integer.BYTES + events.get(first).length;
      first++;
    }
    if (first > 0) {
      LOG.errorf(
          "%d annotations of image %s do not fit into its row and are not kept",
          first, record.imageId());
    }
    ByteBuffer buffer = ByteBuffer.allocate(length);
    buffer.putInt(record.outcome().isPresent() ? outcome.length : -1).put(outcome);
    for (int i = first; i < events.size(); i++) {
      buffer.putLong(record.annotations().get(i).offset());
      buffer.putInt(events.get(i).length).put(events.get(i));
    }
    return buffer.array();
  }

  /** The bytes in {@link #RECORD}. */
  static byte[] content(Map<String, Object> row) {
    StringBuilder text = new StringBuilder();
    if (row.get(RECORD) instanceof List<?> pieces) {
      pieces.forEach(text::append);
    }
    return Base64.getDecoder().decode(text.toString());
  }

  /** Reads a record back, with its embedding where the row was read with it. */
  static FoldedImage record(Map<String, Object> row) {
    String imageId = id(row);
    try {
      ByteBuffer buffer = ByteBuffer.wrap(content(row));
      int length = buffer.getInt();
      Optional<Change.Outcome> outcome = Optional.empty();
      if (length >= 0) {
        EmbeddingEvent event = EmbeddingEvent.parseFrom(piece(buffer, length));
        outcome =
            Optional.of(
                new Change.Outcome(
                    imageId, event, event.hasEmbedded() ? vector(row) : Optional.empty()));
      }
      List<Change.Annotation> annotations = new ArrayList<>();
      while (buffer.hasRemaining()) {
        long offset = buffer.getLong();
        annotations.add(
            new Change.Annotation(
                imageId, offset, AnnotationEvent.parseFrom(piece(buffer, buffer.getInt()))));
      }
      return new FoldedImage(imageId, outcome, annotations);
    } catch (InvalidProtocolBufferException
        | IllegalArgumentException
        | BufferUnderflowException e) {
      throw new IndexException(
          IndexException.Kind.CORRUPT, "the row of " + imageId + " cannot be read", e);
    }
  }

  private static ByteBuffer piece(ByteBuffer buffer, int length) {
    ByteBuffer piece = buffer.slice(buffer.position(), length);
    buffer.position(buffer.position() + length);
    return piece;
  }

  static String id(Map<String, Object> row) {
    return SortedText.read(String.valueOf(row.get(ID)));
  }

  static Optional<float[]> vector(Map<String, Object> row) {
    @Nullable Object value = row.get(VECTOR);
    if (!(value instanceof List<?> values)) {
      return Optional.empty();
    }
    float[] vector = new float[values.size()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = ((Number) values.get(i)).floatValue();
    }
    return Optional.of(vector);
  }
}
