package dev.lookalike.query.rest;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnsafeByteOperations;
import dev.lookalike.log.Versions;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.proto.image.v1.LabelSource;
import dev.lookalike.proto.image.v1.ModelReference;
import dev.lookalike.proto.image.v1.Region;
import dev.lookalike.proto.search.v1.CompareIndexResponse;
import dev.lookalike.proto.search.v1.DescribeIndexResponse;
import dev.lookalike.proto.search.v1.Example;
import dev.lookalike.proto.search.v1.Hit;
import dev.lookalike.proto.search.v1.ImageEntry;
import dev.lookalike.proto.search.v1.ImageState;
import dev.lookalike.proto.search.v1.ListImagesResponse;
import dev.lookalike.proto.search.v1.SearchBatchResponse;
import dev.lookalike.proto.search.v1.SearchRequest;
import dev.lookalike.proto.search.v1.SearchResponse;
import dev.lookalike.proto.search.v1.TokenStatus;
import dev.lookalike.proto.search.v1.Vector;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Between the messages of the contract and its JSON. */
final class Json {
  private static final Pattern WAIT = Pattern.compile("(\\d{1,9})(ms|s|m)");

  private Json() {}

  /**
   * @param collection of the path; overrides that of the body
   */
  static SearchRequest request(Bodies.@Nullable SearchBody body, @Nullable String collection) {
    if (body == null) {
      throw invalid("A search cannot be null.");
    }
    SearchRequest.Builder request = SearchRequest.newBuilder();
    String named = collection == null ? body.collection() : collection;
    if (named != null) {
      request.setCollection(named);
    }
    if (collection != null && body.collection() != null && !body.collection().equals(collection)) {
      throw invalid("The collection of the body is not that of the path.");
    }
    orEmpty(body.positives()).forEach(example -> request.addPositives(example(example)));
    orEmpty(body.negatives()).forEach(example -> request.addNegatives(example(example)));
    if (body.k() != null) {
      request.setK(positive("k", body.k()));
    }
    if (body.filter() != null) {
      request.setFilter(body.filter());
    }
    if (body.minSimilarity() != null) {
      request.setMinSimilarity(body.minSimilarity());
    }
    request.setExcludeSelf(Boolean.TRUE.equals(body.excludeSelf()));
    if (body.groupBy() != null) {
      request.setGroupBy(body.groupBy());
    }
    if (body.groupSize() != null) {
      request.setGroupSize(positive("group_size", body.groupSize()));
    }
    request.setExact(Boolean.TRUE.equals(body.exact()));
    request.setIncludeVectors(Boolean.TRUE.equals(body.includeVectors()));
    if (body.cursor() != null) {
      request.setCursor(body.cursor());
    }
    request.addAllTokens(tokens(body.tokens()));
    if (body.waitAtMost() != null) {
      request.setWait(wait(body.waitAtMost()));
    }
    return request.build();
  }

  /** The tokens of a body; none where there are none. */
  static List<String> tokens(@Nullable List<@Nullable String> tokens) {
    List<String> checked = new ArrayList<>();
    for (String token : orEmpty(tokens)) {
      if (token == null) {
        throw invalid("A token cannot be null.");
      }
      checked.add(token);
    }
    return checked;
  }

  private static Example example(Bodies.@Nullable ExampleBody body) {
    if (body == null) {
      throw invalid("An example needs an image, an image id or a vector.");
    }
    int kinds =
        (body.image() == null ? 0 : 1)
            + (body.imageId() == null ? 0 : 1)
            + (body.vector() == null ? 0 : 1);
    if (kinds != 1) {
      throw invalid("An example needs one of image, image_id and vector.");
    }
    Example.Builder example = Example.newBuilder();
    if (body.image() != null) {
      example.setImage(bytes(body.image()));
    }
    if (body.imageId() != null) {
      example.setImageId(body.imageId());
    }
    if (body.vector() != null) {
      Vector.Builder vector = Vector.newBuilder();
      for (float value : body.vector()) {
        vector.addValues(value);
      }
      example.setVector(vector);
    }
    Bodies.RegionBody region = body.region();
    if (region != null) {
      example.setRegion(
          Region.newBuilder()
              .setX(region.x())
              .setY(region.y())
              .setWidth(region.width())
              .setHeight(region.height()));
    }
    if (body.weight() != null) {
      if (!(body.weight() > 0)) {
        throw invalid("The weight of an example must be a positive number.");
      }
      example.setWeight(body.weight());
    }
    return example.build();
  }

  /** Wraps without copying: the array must not be written to any more. */
  static ByteString bytes(byte[] bytes) {
    return UnsafeByteOperations.unsafeWrap(bytes);
  }

  /** In JSON an absent number means the default, and so zero is not needed for it. */
  static int positive(String name, int value) {
    if (value < 1) {
      throw invalid(name + " must be at least 1.");
    }
    return value;
  }

  /** "500ms", "10s", "1m". */
  static Duration wait(String text) {
    Matcher matcher = WAIT.matcher(text);
    if (!matcher.matches()) {
      throw invalid("wait is written like \"500ms\" or \"10s\".");
    }
    long number = Long.parseLong(matcher.group(1));
    long milliseconds =
        switch (matcher.group(2)) {
          case "ms" -> number;
          case "s" -> number * 1000;
          default -> number * 60_000;
        };
    return Duration.newBuilder()
        .setSeconds(milliseconds / 1000)
        .setNanos((int) (milliseconds % 1000) * 1_000_000)
        .build();
  }

  static Bodies.SearchAnswer answer(SearchResponse response) {
    return new Bodies.SearchAnswer(
        response.getHitsList().stream().map(Json::hit).toList(),
        orNull(response.getNextCursor()),
        model(response.getModel()),
        response.getBuildId(),
        response.getTokensCount() == 0 ? null : statuses(response.getTokensList()),
        orNull(response.getDevice()));
  }

  static Bodies.BatchAnswer answer(SearchBatchResponse response) {
    return new Bodies.BatchAnswer(
        response.getResultsList().stream()
            .map(
                result ->
                    result.hasResponse()
                        ? new Bodies.ResultBody(answer(result.getResponse()), null)
                        : new Bodies.ResultBody(
                            null,
                            new Bodies.RefusalBody(
                                result.getRefused().getCode(), result.getRefused().getMessage())))
            .toList());
  }

  static List<Bodies.TokenStatusBody> statuses(List<TokenStatus> statuses) {
    return statuses.stream()
        .map(
            status ->
                new Bodies.TokenStatusBody(
                    status.getToken(),
                    status.getImageId(),
                    Versions.text(status.getVersion()),
                    state(status.getState()),
                    orNull(status.getReason()),
                    orNull(status.getDetail())))
        .toList();
  }

  static Bodies.ListAnswer answer(ListImagesResponse response) {
    return new Bodies.ListAnswer(
        response.getImagesList().stream().map(Json::entry).toList(),
        orNull(response.getNextCursor()));
  }

  static Bodies.IndexAnswer answer(DescribeIndexResponse response) {
    return new Bodies.IndexAnswer(
        response.getCollection(),
        response.getCollectionId(),
        response.getBuildId(),
        model(response.getModel()),
        response.getSearchable(),
        response.getRejected(),
        response.getDeleted(),
        response.getPartitionsList().stream()
            .map(
                partition ->
                    new Bodies.PartitionBody(
                        partition.getPartition(), partition.getImagesEnd(), partition.getApplied()))
            .toList(),
        response.getRebuilding());
  }

  static Bodies.CompareAnswer answer(CompareIndexResponse response) {
    return new Bodies.CompareAnswer(
        response.getCompared(),
        response.getMissing(),
        response.getStale(),
        response.getExtra(),
        response.getDifferencesList().stream()
            .map(
                difference ->
                    new Bodies.DifferenceBody(difference.getImageId(), difference.getDifference()))
            .toList());
  }

  static Bodies.EntryBody entry(ImageEntry entry) {
    return new Bodies.EntryBody(
        entry.getImageId(),
        state(entry.getState()),
        Versions.text(entry.getVersion()),
        attributes(entry.getAttributesMap()),
        labels(entry.getLabelsList()),
        orNull(entry.getReason()),
        orNull(entry.getDetail()),
        entry.getAttempts() == 0 ? null : entry.getAttempts(),
        entry.hasOriginal()
            ? new Bodies.OriginalBody(
                entry.getOriginal().getMediaType(),
                entry.getOriginal().getWidth(),
                entry.getOriginal().getHeight(),
                hex(entry.getOriginal().getSha256()),
                entry.getOriginal().getSizeBytes())
            : null,
        entry.hasCanonical()
            ? new Bodies.CanonicalBody(
                entry.getCanonical().getMediaType(),
                entry.getCanonical().getWidth(),
                entry.getCanonical().getHeight(),
                hex(entry.getCanonical().getSha256()))
            : null,
        entry.getState() == ImageState.IMAGE_STATE_SEARCHABLE
            ? HexFormat.of().toHexDigits(entry.getPerceptualHash())
            : null,
        entry.hasModel() ? model(entry.getModel()) : null,
        orNull(entry.getDevice()),
        entry.hasAcceptedAt() ? instant(entry.getAcceptedAt()) : null,
        entry.hasEmbeddedAt() ? instant(entry.getEmbeddedAt()) : null,
        entry.hasVector() ? floats(entry.getVector()) : null,
        orNull(entry.getContentUrl()),
        orNull(entry.getThumbnailUrl()));
  }

  private static Bodies.HitBody hit(Hit hit) {
    return new Bodies.HitBody(
        hit.getImageId(),
        hit.getSimilarity(),
        labels(hit.getLabelsList()),
        attributes(hit.getAttributesMap()),
        hit.getModel(),
        Versions.text(hit.getVersion()),
        hit.getContentUrl(),
        hit.getThumbnailUrl(),
        hit.hasVector() ? floats(hit.getVector()) : null,
        hit.hasGroup()
            ? new Bodies.GroupBody(
                hit.getGroup().hasValue() ? value(hit.getGroup().getValue()) : null,
                hit.getGroup().getSize())
            : null);
  }

  private static Bodies.ModelBody model(ModelReference model) {
    return new Bodies.ModelBody(
        model.getId(),
        model.getVersion(),
        model.getDigest(),
        model.getPreprocessingVersion(),
        model.getDimension());
  }

  private static List<Bodies.LabelBody> labels(List<Label> labels) {
    return labels.stream()
        .map(
            label ->
                new Bodies.LabelBody(
                    label.getName(),
                    label.getConfidence(),
                    source(label.getSource()),
                    label.getSourceVersion()))
        .toList();
  }

  private static String source(LabelSource source) {
    return switch (source) {
      case LABEL_SOURCE_USER -> "user";
      case LABEL_SOURCE_MODEL -> "model";
      case LABEL_SOURCE_TAUGHT -> "taught";
      case LABEL_SOURCE_UNSPECIFIED, UNRECOGNIZED -> "unknown";
    };
  }

  private static String state(ImageState state) {
    return state.name().substring("IMAGE_STATE_".length()).toLowerCase(Locale.ROOT);
  }

  private static Map<String, Object> attributes(Map<String, AttributeValue> attributes) {
    Map<String, Object> json = new TreeMap<>();
    attributes.forEach(
        (name, value) -> {
          Object of = value(value);
          if (of != null) {
            json.put(name, of);
          }
        });
    return json;
  }

  private static @Nullable Object value(AttributeValue value) {
    return switch (value.getKindCase()) {
      case STRING -> value.getString();
      case NUMBER -> number(value.getNumber());
      case BOOLEAN -> value.getBoolean();
      case TIME -> new Bodies.TimeBody(instant(value.getTime()));
      case STRINGS -> List.copyOf(value.getStrings().getValuesList());
      case KIND_NOT_SET -> null;
    };
  }

  /** Whole numbers without a fraction, as they were probably written. */
  private static Object number(double number) {
    if (number == Math.rint(number) && Math.abs(number) <= 1L << 53) {
      return (long) number;
    }
    return number;
  }

  private static String instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos()).toString();
  }

  private static float[] floats(Vector vector) {
    float[] values = new float[vector.getValuesCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = vector.getValues(i);
    }
    return values;
  }

  private static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  private static <T extends @Nullable Object> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }

  static RefusedException invalid(String message) {
    return new RefusedException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
