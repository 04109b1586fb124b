package dev.lookalike.query.index.milvus;

import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.filter.Filter.Comparison;
import dev.lookalike.query.filter.Filter.Literal;
import dev.lookalike.query.filter.Filter.TextMatch;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A filter as Milvus is asked it.
 *
 * <p>Negation is moved down to the leaves, and no leaf depends on what a server makes of a missing
 * value: presence and equality are asked of the array of {@link Terms}, order of the JSON field,
 * where a missing value fails the comparison on every server.
 *
 * @param text admits at least what the filter admits, but for rows marked {@link Terms#PARTIAL};
 *     empty: every row
 * @param exact whether it admits nothing else
 */
record Expression(Optional<String> text, boolean exact) {
  private static final Expression ALL = new Expression(Optional.empty(), true);
  private static final Expression NONE = new Expression(Optional.of(Rows.STATE + " == \"\""), true);

  /** What cannot be asked; whoever reads the rows looks at each. */
  private static final Expression UNDECIDED = new Expression(Optional.empty(), false);

  /** Of marked rows, only the record tells. */
  static final String PARTIAL = holds(Terms.PARTIAL);

  /**
   * @param tenantAttribute whose value is the partition key, empty: rows cannot be told by it
   */
  static Expression of(Filter filter, String tenantAttribute) {
    return new Translation(tenantAttribute).of(filter, true);
  }

  /** With a condition before it; rows marked partial stay in where the filter asks anything. */
  String after(String condition) {
    return text.map(asked -> condition + " and (" + asked + " or " + PARTIAL + ")")
        .orElse(condition);
  }

  /** With a condition before it, of whole rows only. */
  String ofWhole(String condition) {
    return text.map(asked -> condition + " and (" + asked + ") and not " + PARTIAL)
        .orElse(condition);
  }

  static String quoted(String sorted) {
    return "\"" + sorted + "\"";
  }

  static String quoted(List<String> sorted) {
    return sorted.stream().map(Expression::quoted).collect(Collectors.joining(",", "[", "]"));
  }

  private static String holds(String term) {
    return "array_contains(" + Rows.TERMS + ", " + quoted(term) + ")";
  }

  private static Expression exact(String text) {
    return new Expression(Optional.of(text), true);
  }

  private record Translation(String tenantAttribute) {
    /**
     * @param wanted false: the negation of the filter
     */
    Expression of(Filter filter, boolean wanted) {
      return switch (filter) {
        case Filter.And and -> join(and.parts(), wanted, wanted);
        case Filter.Or or -> join(or.parts(), wanted, !wanted);
        case Filter.Not not -> of(not.part(), !wanted);
        case Filter.Compare compare -> compare(compare, wanted);
        case Filter.OneOf oneOf ->
            anyOf(
                oneOf.values().stream()
                    .map(value -> Terms.is(oneOf.attribute(), value))
                    .distinct()
                    .toList(),
                wanted);
        case Filter.Matches matches ->
            matches(
                matches.how(),
                matches.text(),
                wanted,
                ordered(matches.attribute(), Terms.TEXT),
                Optional.of(Terms.kind(matches.attribute(), Terms.TEXT)));
        case Filter.Has has -> term(Terms.has(has.attribute()), wanted);
        case Filter.ListHolds list -> term(Terms.element(list.attribute(), list.text()), wanted);
        case Filter.Labelled labelled -> term(Terms.label(labelled.name()), wanted);
        case Filter.LabelledBy labelled ->
            term(Terms.label(labelled.source(), labelled.name()), wanted);
        case Filter.HasLabels labelled -> term(Terms.hasLabels(labelled.source()), wanted);
        case Filter.CompareId compare ->
            exact(
                Rows.ID
                    + sign(wanted ? compare.comparison() : opposite(compare.comparison()))
                    + quoted(SortedText.of(compare.id())));
        case Filter.IdOneOf oneOf ->
            oneOf.ids().isEmpty()
                ? (wanted ? NONE : ALL)
                : exact(
                    Rows.ID
                        + (wanted ? " in " : " not in ")
                        + quoted(oneOf.ids().stream().map(SortedText::of).distinct().toList()));
        case Filter.IdMatches matches ->
            matches(matches.how(), matches.text(), wanted, Rows.ID, Optional.empty());
        case Filter.OriginalIs original -> term(Terms.original(original.sha256()), wanted);
      };
    }

    private Expression join(List<Filter> parts, boolean wanted, boolean all) {
      List<Expression> joined =
          parts.stream()
              .map(part -> of(part, wanted))
              .filter(part -> !part.equals(all ? ALL : NONE))
              .toList();
      if (joined.isEmpty()) {
        return all ? ALL : NONE;
      }
      boolean exact = joined.stream().allMatch(Expression::exact);
      if (all) {
        List<String> asked = joined.stream().flatMap(part -> part.text().stream()).toList();
        return new Expression(
            asked.isEmpty()
                ? Optional.empty()
                : Optional.of(asked.stream().collect(Collectors.joining(" and ", "(", ")"))),
            exact);
      }
      if (joined.contains(ALL)) {
        return ALL;
      }
      if (joined.stream().anyMatch(part -> part.text().isEmpty())) {
        return UNDECIDED;
      }
      return new Expression(
          Optional.of(
              joined.stream()
                  .map(part -> part.text().orElseThrow())
                  .collect(Collectors.joining(" or ", "(", ")"))),
          exact);
    }

    private Expression compare(Filter.Compare compare, boolean wanted) {
      String name = compare.attribute();
      Literal value = compare.value();
      String kind = Terms.kind(name, Terms.type(value));
      return switch (compare.comparison()) {
        case EQUAL -> equal(name, value, wanted);
        case NOT_EQUAL ->
            wanted
                ? exact("(" + holds(kind) + " and not " + holds(Terms.is(name, value)) + ")")
                : exact("(not " + holds(kind) + " or " + holds(Terms.is(name, value)) + ")");
        case LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> {
          if (value instanceof Literal.Bool bool) {
            yield of(ordered(name, bool.value(), compare.comparison()), wanted);
          }
          String field = ordered(name, Terms.type(value));
          yield wanted
              ? exact(field + sign(compare.comparison()) + literal(value))
              : exact(
                  "(not "
                      + holds(kind)
                      + " or "
                      + field
                      + sign(opposite(compare.comparison()))
                      + literal(value)
                      + ")");
        }
      };
    }

    /** The partition key tells the server where it need not look. */
    private Expression equal(String name, Literal value, boolean wanted) {
      String holds = holds(Terms.is(name, value));
      if (wanted
          && name.equals(tenantAttribute)
          && value instanceof Literal.Text text
          && Rows.isTenant(text.value())) {
        return exact(
            "("
                + Rows.TENANT
                + " == "
                + quoted(SortedText.of(text.value()))
                + " and "
                + holds
                + ")");
      }
      return exact(wanted ? holds : "not " + holds);
    }

    /** The values of a boolean that stand in this order to one. */
    private static Filter ordered(String name, boolean value, Comparison comparison) {
      return new Filter.OneOf(
          name,
          List.of(false, true).stream()
              .filter(
                  other ->
                      switch (comparison) {
                        case LESS -> !other && value;
                        case LESS_OR_EQUAL -> !other || value;
                        case GREATER -> other && !value;
                        case GREATER_OR_EQUAL -> other || !value;
                        case EQUAL -> other == value;
                        case NOT_EQUAL -> other != value;
                      })
              .<Literal>map(Literal.Bool::new)
              .toList());
    }

    private static Expression term(String term, boolean wanted) {
      return exact(wanted ? holds(term) : "not " + holds(term));
    }

    private static Expression anyOf(List<String> terms, boolean wanted) {
      if (terms.isEmpty()) {
        return wanted ? NONE : ALL;
      }
      if (terms.size() == 1) {
        return term(terms.get(0), wanted);
      }
      String any = "array_contains_any(" + Rows.TERMS + ", " + quoted(terms) + ")";
      return exact(wanted ? any : "not " + any);
    }

    /**
     * @param kind term of what has such a text at all; empty: everything has
     */
    private static Expression matches(
        TextMatch how, String text, boolean wanted, String field, Optional<String> kind) {
      Expression hasText = kind.map(term -> term(term, true)).orElse(ALL);
      if (text.isEmpty()) {
        return wanted ? hasText : kind.map(term -> term(term, false)).orElse(NONE);
      }
      if (how != TextMatch.STARTS_WITH) {
        return wanted ? new Expression(hasText.text(), false) : UNDECIDED;
      }
      String from = quoted(SortedText.of(text));
      String end = SortedText.after(text);
      String to = quoted(SortedText.of(end));
      if (wanted) {
        return exact(
            "("
                + field
                + " >= "
                + from
                + (end.isEmpty() ? "" : " and " + field + " < " + to)
                + ")");
      }
      return exact(
          "("
              + kind.map(term -> "not " + holds(term) + " or ").orElse("")
              + field
              + " < "
              + from
              + (end.isEmpty() ? "" : " or " + field + " >= " + to)
              + ")");
    }

    private static String ordered(String name, char type) {
      return Rows.ATTRIBUTES + "[" + quoted(Terms.orderedKey(name, type)) + "]";
    }

    private static String literal(Literal value) {
      return switch (value) {
        case Literal.Text text -> quoted(SortedText.of(text.value()));
        case Literal.Number number -> Double.toString(number.value() + 0.0);
        case Literal.Time time -> Long.toString(time.value().toEpochMilli());
        case Literal.Bool bool -> throw new IllegalStateException("asked by terms");
      };
    }

    private static String sign(Comparison comparison) {
      return switch (comparison) {
        case EQUAL -> " == ";
        case NOT_EQUAL -> " != ";
        case LESS -> " < ";
        case LESS_OR_EQUAL -> " <= ";
        case GREATER -> " > ";
        case GREATER_OR_EQUAL -> " >= ";
      };
    }

    private static Comparison opposite(Comparison comparison) {
      return switch (comparison) {
        case EQUAL -> Comparison.NOT_EQUAL;
        case NOT_EQUAL -> Comparison.EQUAL;
        case LESS -> Comparison.GREATER_OR_EQUAL;
        case LESS_OR_EQUAL -> Comparison.GREATER;
        case GREATER -> Comparison.LESS_OR_EQUAL;
        case GREATER_OR_EQUAL -> Comparison.LESS;
      };
    }
  }

  /** For messages. */
  @Override
  public String toString() {
    return text.orElse("all") + (exact ? "" : " (at least)");
  }
}
