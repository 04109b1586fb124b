package dev.lookalike.query.index;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.filter.Filter.Comparison;
import dev.lookalike.query.filter.Filter.Literal;
import dev.lookalike.query.filter.Filter.TextMatch;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Says whether an entry matches a filter. It defines what filters mean, and decides for engines
 * that cannot express all of a filter.
 */
public final class FilterMatcher {
  private FilterMatcher() {}

  /** Whether the entry matches. */
  public static boolean matches(Filter filter, Entry entry) {
    Map<String, AttributeValue> attributes =
        entry.state() == State.DELETED ? Map.of() : entry.attributes();
    return switch (filter) {
      case Filter.And and -> and.parts().stream().allMatch(part -> matches(part, entry));
      case Filter.Or or -> or.parts().stream().anyMatch(part -> matches(part, entry));
      case Filter.Not not -> !matches(not.part(), entry);
      case Filter.Compare compare ->
          compares(attributes.get(compare.attribute()), compare.comparison(), compare.value());
      case Filter.OneOf oneOf ->
          oneOf.values().stream()
              .anyMatch(
                  value -> compares(attributes.get(oneOf.attribute()), Comparison.EQUAL, value));
      case Filter.Matches matches -> {
        AttributeValue value = attributes.get(matches.attribute());
        yield value != null
            && value.hasString()
            && textMatches(value.getString(), matches.how(), matches.text());
      }
      case Filter.Has has -> {
        AttributeValue value = attributes.get(has.attribute());
        yield value != null && value.getKindCase() != AttributeValue.KindCase.KIND_NOT_SET;
      }
      case Filter.ListHolds holds -> {
        AttributeValue value = attributes.get(holds.attribute());
        yield value != null && value.getStrings().getValuesList().contains(holds.text());
      }
      case Filter.Labelled labelled ->
          entry.state() != State.DELETED
              && entry.labels().stream().anyMatch(label -> label.getName().equals(labelled.name()));
      case Filter.LabelledBy labelled ->
          entry.state() != State.DELETED
              && entry.labels().stream()
                  .filter(label -> Filter.Source.of(label).equals(Optional.of(labelled.source())))
                  .anyMatch(label -> label.getName().equals(labelled.name()));
      case Filter.HasLabels labelled ->
          entry.state() != State.DELETED
              && entry.labels().stream()
                  .anyMatch(
                      label -> Filter.Source.of(label).equals(Optional.of(labelled.source())));
      case Filter.CompareId compare ->
          holds(compare(entry.imageId(), compare.id()), compare.comparison());
      case Filter.IdOneOf oneOf -> oneOf.ids().contains(entry.imageId());
      case Filter.IdMatches matches -> textMatches(entry.imageId(), matches.how(), matches.text());
      case Filter.OriginalIs original ->
          entry.state() != State.DELETED
              && !original.sha256().isEmpty()
              && entry.originalSha256().equals(original.sha256());
    };
  }

  private static boolean compares(
      @Nullable AttributeValue value, Comparison comparison, Literal literal) {
    if (value == null) {
      return false;
    }
    return switch (literal) {
      case Literal.Text text ->
          value.hasString() && holds(compare(value.getString(), text.value()), comparison);
      case Literal.Number number ->
          value.hasNumber()
              // Adding zero turns -0.0 into 0.0.
              && holds(Double.compare(value.getNumber() + 0.0, number.value() + 0.0), comparison);
      case Literal.Bool bool ->
          value.hasBoolean()
              && holds(Boolean.compare(value.getBoolean(), bool.value()), comparison);
      case Literal.Time time ->
          value.hasTime()
              && holds(
                  Long.compare(
                      Instant.ofEpochSecond(
                              value.getTime().getSeconds(), value.getTime().getNanos())
                          .toEpochMilli(),
                      time.value().toEpochMilli()),
                  comparison);
    };
  }

  private static boolean holds(int order, Comparison comparison) {
    return switch (comparison) {
      case EQUAL -> order == 0;
      case NOT_EQUAL -> order != 0;
      case LESS -> order < 0;
      case LESS_OR_EQUAL -> order <= 0;
      case GREATER -> order > 0;
      case GREATER_OR_EQUAL -> order >= 0;
    };
  }

  /** By the bytes of their UTF-8. */
  private static int compare(String one, String other) {
    return Arrays.compareUnsigned(one.getBytes(UTF_8), other.getBytes(UTF_8));
  }

  private static boolean textMatches(String value, TextMatch how, String text) {
    return switch (how) {
      case STARTS_WITH -> value.startsWith(text);
      case CONTAINS -> value.contains(text);
      case ENDS_WITH -> value.endsWith(text);
    };
  }
}
