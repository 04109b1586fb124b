package dev.lookalike.query.filter;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.image.v1.Label;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Which images are admitted. Every filter is true or false of every image; there is no third value:
 * a comparison with an attribute that is absent or of another type is false, so its negation is
 * true.
 */
public sealed interface Filter {
  /** Admits every image. */
  Filter ALL = new And(List.of());

  /** Whether each part is true; true without parts. */
  record And(List<Filter> parts) implements Filter {
    public And {
      parts = List.copyOf(parts);
    }
  }

  /** Whether any part is true; false without parts. */
  record Or(List<Filter> parts) implements Filter {
    public Or {
      parts = List.copyOf(parts);
    }
  }

  record Not(Filter part) implements Filter {}

  /**
   * Compares an attribute with a value of the same type; false where it has another or is absent.
   */
  record Compare(String attribute, Comparison comparison, Literal value) implements Filter {}

  /** Whether an attribute equals one of the values. */
  record OneOf(String attribute, List<Literal> values) implements Filter {
    public OneOf {
      values = List.copyOf(values);
    }
  }

  /** Compares a string attribute with a text. */
  record Matches(String attribute, TextMatch how, String text) implements Filter {}

  /** Whether the attribute is there, of whatever type. */
  record Has(String attribute) implements Filter {}

  /** Whether an attribute is a list of strings that holds the text. */
  record ListHolds(String attribute, String text) implements Filter {}

  /** Whether any source says this label. */
  record Labelled(String name) implements Filter {}

  /** Whether this source says this label. */
  record LabelledBy(Source source, String name) implements Filter {}

  /** Whether this source says any label. */
  record HasLabels(Source source) implements Filter {}

  /** Compares the image id, by the bytes of its UTF-8. */
  record CompareId(Comparison comparison, String id) implements Filter {}

  /** Whether the image id is one of these. */
  record IdOneOf(List<String> ids) implements Filter {
    public IdOneOf {
      ids = List.copyOf(ids);
    }
  }

  record IdMatches(TextMatch how, String text) implements Filter {}

  /** Whether the uploaded bytes have this SHA-256 (32 bytes). Has no text form. */
  record OriginalIs(ByteString sha256) implements Filter {}

  /** Who says labels. */
  enum Source {
    USER,
    MODEL,
    TAUGHT;

    /** Who says a label; empty for a source that this release does not know. */
    public static Optional<Source> of(Label label) {
      return switch (label.getSource()) {
        case LABEL_SOURCE_USER -> Optional.of(USER);
        case LABEL_SOURCE_MODEL -> Optional.of(MODEL);
        case LABEL_SOURCE_TAUGHT -> Optional.of(TAUGHT);
        case LABEL_SOURCE_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
      };
    }
  }

  enum Comparison {
    EQUAL,
    NOT_EQUAL,
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL
  }

  enum TextMatch {
    STARTS_WITH,
    CONTAINS,
    ENDS_WITH
  }

  /** A value that an attribute is compared with. */
  sealed interface Literal {
    record Text(String value) implements Literal {}

    /** Finite. */
    record Number(double value) implements Literal {}

    record Bool(boolean value) implements Literal {}

    /** Compared in milliseconds. */
    record Time(Instant value) implements Literal {}
  }

  /** Both; without building a tree where one of them admits everything. */
  static Filter both(Filter one, Filter other) {
    if (one.equals(ALL)) {
      return other;
    }
    return other.equals(ALL) ? one : new And(List.of(one, other));
  }
}
