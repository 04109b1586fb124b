package dev.lookalike.query.index.milvus;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.filter.Filter.Literal;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.State;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What is true of an image, as short words in one array: 96 bits of the SHA-256 of the statement.
 * So equality, presence and membership are asked in the same way of any server, whatever the names
 * and values are made of, and negation has two values only: the array is always there.
 */
final class Terms {
  /** Of a row of which not everything is said: only the record itself tells. */
  static final String PARTIAL = "partial";

  /** Characters of a term. */
  static final int LENGTH = 16;

  /** Terms of a row: what Milvus bears in an array. */
  static final int MAX_TERMS = 4096;

  static final char TEXT = 's';
  static final char NUMBER = 'n';
  static final char BOOLEAN = 'b';
  static final char TIME = 't';
  static final char LIST = 'l';

  private Terms() {}

  /** The terms of an entry; {@link #PARTIAL} among them where there are too many. */
  static Set<String> of(Entry entry) {
    Set<String> terms = new LinkedHashSet<>();
    if (entry.state() == State.DELETED) {
      return terms;
    }
    entry.attributes().forEach((name, value) -> add(terms, name, value));
    for (Label label : entry.labels()) {
      terms.add(label(label.getName()));
      Filter.Source.of(label)
          .ifPresent(
              source -> {
                terms.add(label(source, label.getName()));
                terms.add(hasLabels(source));
              });
    }
    if (!entry.originalSha256().isEmpty()) {
      terms.add(original(entry.originalSha256()));
    }
    if (terms.size() >= MAX_TERMS) {
      Set<String> some = new LinkedHashSet<>();
      some.add(PARTIAL);
      terms.stream().limit(MAX_TERMS - 1).forEach(some::add);
      return some;
    }
    return terms;
  }

  private static void add(Set<String> terms, String name, AttributeValue value) {
    switch (value.getKindCase()) {
      case STRING -> add(terms, name, new Literal.Text(value.getString()));
      case NUMBER -> add(terms, name, new Literal.Number(value.getNumber()));
      case BOOLEAN -> add(terms, name, new Literal.Bool(value.getBoolean()));
      case TIME -> {
        terms.add(has(name));
        terms.add(kind(name, TIME));
        terms.add(statement(name, TIME, bytes(millis(value))));
      }
      case STRINGS -> {
        terms.add(has(name));
        terms.add(kind(name, LIST));
        value.getStrings().getValuesList().forEach(element -> terms.add(element(name, element)));
      }
      case KIND_NOT_SET -> {}
    }
  }

  private static void add(Set<String> terms, String name, Literal value) {
    terms.add(has(name));
    terms.add(kind(name, type(value)));
    terms.add(is(name, value));
  }

  static long millis(AttributeValue value) {
    return value.getTime().getSeconds() * 1000 + value.getTime().getNanos() / 1_000_000;
  }

  static char type(Literal literal) {
    return switch (literal) {
      case Literal.Text text -> TEXT;
      case Literal.Number number -> NUMBER;
      case Literal.Bool bool -> BOOLEAN;
      case Literal.Time time -> TIME;
    };
  }

  /** The attribute is there. */
  static String has(String name) {
    return hash("has", name, new byte[0]);
  }

  /** The attribute is there and of this type. */
  static String kind(String name, char type) {
    return hash("kind" + type, name, new byte[0]);
  }

  /** The attribute has this value. */
  static String is(String name, Literal literal) {
    return switch (literal) {
      case Literal.Text text -> statement(name, TEXT, text.value().getBytes(UTF_8));
      // Adding zero makes one of the two zeros.
      case Literal.Number number ->
          statement(name, NUMBER, bytes(Double.doubleToLongBits(number.value() + 0.0)));
      case Literal.Bool bool ->
          statement(name, BOOLEAN, new byte[] {(byte) (bool.value() ? 1 : 0)});
      case Literal.Time time -> statement(name, TIME, bytes(time.value().toEpochMilli()));
    };
  }

  /** The attribute is a list with this element. */
  static String element(String name, String element) {
    return statement(name, LIST, element.getBytes(UTF_8));
  }

  static String label(String name) {
    return hash("label", name, new byte[0]);
  }

  /** This source says the label. */
  static String label(Filter.Source source, String name) {
    return hash("label by " + source, name, new byte[0]);
  }

  /** This source says any label. */
  static String hasLabels(Filter.Source source) {
    return hash("labels by " + source, "", new byte[0]);
  }

  static String original(ByteString sha256) {
    return hash("original", "", sha256.toByteArray());
  }

  private static String statement(String name, char type, byte[] value) {
    return hash("is" + type, name, value);
  }

  private static byte[] bytes(long value) {
    return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
  }

  private static String hash(String kind, String name, byte[] value) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(kind.getBytes(UTF_8));
      digest.update((byte) 0);
      byte[] nameBytes = name.getBytes(UTF_8);
      digest.update(bytes(nameBytes.length));
      digest.update(nameBytes);
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(Arrays.copyOf(digest.digest(value), LENGTH / 4 * 3));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Key under which the ordered values of an attribute stand in the JSON of a row. */
  static String orderedKey(String name, char type) {
    boolean plain = !name.isEmpty() && name.length() <= 64;
    for (int i = 0; plain && i < name.length(); i++) {
      char c = name.charAt(i);
      plain =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    }
    return type + "_" + (plain ? name : "-" + hash("name", name, new byte[0]));
  }
}
