package dev.lookalike.query.index.lucene;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.query.filter.Filter.Literal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.BytesRefBuilder;
import org.apache.lucene.util.NumericUtils;

/**
 * Attributes as terms of one Lucene field: name, zero byte, one letter for the type, value. Values
 * of one attribute and type so are neighbours in the order of their value, and any number of
 * attribute names costs no further fields.
 */
final class AttributeTerms {
  /** Lucene refuses longer terms, and with them the document. Attributes are far shorter. */
  static final int MAX_BYTES = 32_000;

  static final char TEXT = 's';
  static final char NUMBER = 'n';
  static final char BOOLEAN = 'b';
  static final char TIME = 't';
  static final char ELEMENT = 'l';

  private AttributeTerms() {}

  /** The terms of an image; values too long to be a term are left out. */
  static List<BytesRef> of(Map<String, AttributeValue> attributes) {
    List<BytesRef> terms = new ArrayList<>();
    attributes.forEach(
        (name, value) -> {
          switch (value.getKindCase()) {
            case STRING -> terms.add(term(name, TEXT, new BytesRef(value.getString())));
            case NUMBER -> terms.add(term(name, NUMBER, number(value.getNumber())));
            case BOOLEAN -> terms.add(term(name, BOOLEAN, bool(value.getBoolean())));
            case TIME ->
                terms.add(
                    term(
                        name,
                        TIME,
                        time(
                            value.getTime().getSeconds() * 1000
                                + value.getTime().getNanos() / 1_000_000)));
            case STRINGS -> {
              // The list itself, so that has() sees an empty one.
              terms.add(prefix(name, ELEMENT));
              value
                  .getStrings()
                  .getValuesList()
                  .forEach(element -> terms.add(element(name, element)));
            }
            case KIND_NOT_SET -> {}
          }
        });
    terms.removeIf(term -> term.length > MAX_BYTES);
    return terms;
  }

  /** What the terms of all values of an attribute begin with. */
  static BytesRef prefix(String name) {
    BytesRefBuilder builder = new BytesRefBuilder();
    builder.append(new BytesRef(name));
    builder.append((byte) 0);
    return builder.toBytesRef();
  }

  /** What the terms of all values of one type of an attribute begin with. */
  static BytesRef prefix(String name, char type) {
    return term(name, type, new BytesRef());
  }

  /** The term of an element of a list. Its value stands behind a further letter. */
  static BytesRef element(String name, String element) {
    BytesRefBuilder value = new BytesRefBuilder();
    value.append((byte) 'e');
    value.append(new BytesRef(element));
    return term(name, ELEMENT, value.get());
  }

  static BytesRef term(String name, Literal literal) {
    return switch (literal) {
      case Literal.Text text -> term(name, TEXT, new BytesRef(text.value()));
      case Literal.Number number -> term(name, NUMBER, number(number.value()));
      case Literal.Bool bool -> term(name, BOOLEAN, bool(bool.value()));
      case Literal.Time time -> term(name, TIME, time(time.value().toEpochMilli()));
    };
  }

  static char type(Literal literal) {
    return switch (literal) {
      case Literal.Text text -> TEXT;
      case Literal.Number number -> NUMBER;
      case Literal.Bool bool -> BOOLEAN;
      case Literal.Time time -> TIME;
    };
  }

  private static BytesRef term(String name, char type, BytesRef value) {
    BytesRefBuilder builder = new BytesRefBuilder();
    builder.append(new BytesRef(name.getBytes(UTF_8)));
    builder.append((byte) 0);
    builder.append((byte) type);
    builder.append(value);
    return builder.toBytesRef();
  }

  private static BytesRef number(double value) {
    // Adding zero makes one of the two zeros.
    return sortable(NumericUtils.doubleToSortableLong(value + 0.0));
  }

  private static BytesRef time(long milliseconds) {
    return sortable(milliseconds);
  }

  private static BytesRef bool(boolean value) {
    return new BytesRef(new byte[] {(byte) (value ? 1 : 0)});
  }

  private static BytesRef sortable(long value) {
    byte[] bytes = new byte[Long.BYTES];
    NumericUtils.longToSortableBytes(value, bytes, 0);
    return new BytesRef(bytes);
  }
}
