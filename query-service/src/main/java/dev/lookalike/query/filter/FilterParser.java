package dev.lookalike.query.filter;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelOptions;
import dev.cel.common.CelSource;
import dev.cel.common.CelValidationException;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.ast.CelExpr.CelCall;
import dev.cel.parser.CelParser;
import dev.cel.parser.CelParserFactory;
import dev.lookalike.query.filter.Filter.Comparison;
import dev.lookalike.query.filter.Filter.Literal;
import dev.lookalike.query.filter.Filter.TextMatch;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads filters written in a part of CEL (github.com/google/cel-spec).
 *
 * <p>An identifier is an attribute, but for {@code id}, the image id, and {@code labels}, the names
 * of its labels. {@code attributes["any name"]} and {@code attributes.name} reach attributes whose
 * name is no identifier, or is one of these words. A name with dots may be written as it is: {@code
 * camera.maker}.
 *
 * <ul>
 *   <li>{@code ==, !=, <, <=, >, >=} between an attribute (or id) and a string, number, boolean or
 *       {@code timestamp("2026-01-31T12:00:00Z")}; strings by the bytes of their UTF-8, {@code
 *       false < true}, integers as doubles
 *   <li>{@code color in ["red", "blue"]}, {@code id in [...]}
 *   <li>{@code "dress" in labels}, or in those of one source: {@code labels.user}, {@code
 *       labels.model}, {@code labels.taught}; {@code has(labels.user)}
 *   <li>{@code "red" in colors} for an attribute that is a list
 *   <li>{@code name.startsWith("a")}, {@code contains}, {@code endsWith}, on id too
 *   <li>{@code has(price)}; a boolean attribute alone, as {@code in_stock}; {@code true}, {@code
 *       false}
 *   <li>{@code &&}, {@code ||}, {@code !}, parentheses
 * </ul>
 *
 * A comparison with an absent attribute, or with one of another type, is false, {@code !=}
 * included; so its negation with {@code !} is true.
 */
public final class FilterParser {
  /** Characters of a filter; a list of some hundred ids fits. */
  public static final int MAX_LENGTH = 65_536;

  /** Depth of a filter; deeper ones would be refused for the depth of the stack that they take. */
  private static final int MAX_DEPTH = 100;

  private static final String SUPPORTED =
      "Supported: ==, !=, <, <=, >, >=, in, &&, ||, !, has(name), startsWith, contains, endsWith on"
          + " attributes and id; \"x\" in labels or labels.user, .model, .taught; timestamp(\"...\"); strings, numbers, booleans.";

  private static final CelParser PARSER =
      CelParserFactory.standardCelParserBuilder()
          .setOptions(
              CelOptions.newBuilder()
                  .maxParseRecursionDepth(MAX_DEPTH)
                  .maxExpressionCodePointSize(MAX_LENGTH)
                  .build())
          .build();

  private final CelSource source;

  private FilterParser(CelSource source) {
    this.source = source;
  }

  /**
   * Reads a filter; the blank text admits everything.
   *
   * @throws InvalidFilterException if it is no such filter; names line and column
   */
  public static Filter parse(String text) throws InvalidFilterException {
    if (text.isBlank()) {
      return Filter.ALL;
    }
    if (text.length() > MAX_LENGTH) {
      throw new InvalidFilterException(
          "the filter has " + text.length() + " characters; at most " + MAX_LENGTH);
    }
    CelAbstractSyntaxTree tree;
    try {
      tree = PARSER.parse(text).getAst();
    } catch (CelValidationException e) {
      String what =
          e.getErrors().isEmpty()
              ? "it cannot be read"
              : "line "
                  + e.getErrors().get(0).getSourceLocation().getLine()
                  + ", column "
                  + (e.getErrors().get(0).getSourceLocation().getColumn() + 1)
                  + ": "
                  + e.getErrors().get(0).getMessage();
      throw new InvalidFilterException(what + ". " + SUPPORTED);
    }
    return new FilterParser(tree.getSource()).condition(tree.getExpr());
  }

  private Filter condition(CelExpr expression) throws InvalidFilterException {
    return switch (expression.getKind()) {
      case CONSTANT -> {
        if (expression.constant().getKind() == CelConstant.Kind.BOOLEAN_VALUE) {
          yield expression.constant().booleanValue() ? Filter.ALL : new Filter.Or(List.of());
        }
        throw refused(expression, "a value alone is no condition");
      }
      case CALL -> call(expression, expression.call());
      case IDENT, SELECT -> {
        if (!(subject(expression) instanceof Subject.Attribute attribute)) {
          throw refused(expression, "\"id\" and \"labels\" alone are no conditions");
        }
        yield new Filter.Compare(attribute.name(), Comparison.EQUAL, new Literal.Bool(true));
      }
      case NOT_SET, LIST, STRUCT, MAP, COMPREHENSION ->
          throw refused(expression, "this is no condition");
    };
  }

  private Filter call(CelExpr expression, CelCall call) throws InvalidFilterException {
    List<CelExpr> args = call.args();
    return switch (call.function()) {
      case "_&&_" -> new Filter.And(conditions(args));
      case "_||_" -> new Filter.Or(conditions(args));
      case "!_" -> new Filter.Not(condition(args.get(0)));
      case "_==_" -> comparison(args, Comparison.EQUAL, Comparison.EQUAL);
      case "_!=_" -> comparison(args, Comparison.NOT_EQUAL, Comparison.NOT_EQUAL);
      case "_<_" -> comparison(args, Comparison.LESS, Comparison.GREATER);
      case "_<=_" -> comparison(args, Comparison.LESS_OR_EQUAL, Comparison.GREATER_OR_EQUAL);
      case "_>_" -> comparison(args, Comparison.GREATER, Comparison.LESS);
      case "_>=_" -> comparison(args, Comparison.GREATER_OR_EQUAL, Comparison.LESS_OR_EQUAL);
      case "@in" -> in(args.get(0), args.get(1));
      case "startsWith" -> matches(expression, call, TextMatch.STARTS_WITH);
      case "contains" -> matches(expression, call, TextMatch.CONTAINS);
      case "endsWith" -> matches(expression, call, TextMatch.ENDS_WITH);
      case "has" -> {
        if (call.target().isPresent() || args.size() != 1) {
          throw refused(expression, "has() takes the name of one attribute");
        }
        yield switch (subject(args.get(0))) {
          case Subject.Attribute attribute -> new Filter.Has(attribute.name());
          case Subject.LabelsOf labels -> new Filter.HasLabels(labels.source());
          case Subject.Id id -> throw refused(args.get(0), "has() takes an attribute");
          case Subject.Labels labels -> throw refused(args.get(0), "has() takes an attribute");
        };
      }
      case "_[_]" -> {
        if (!(subject(expression) instanceof Subject.Attribute attribute)) {
          throw refused(expression, "this is no condition");
        }
        yield new Filter.Compare(attribute.name(), Comparison.EQUAL, new Literal.Bool(true));
      }
      default -> throw refused(expression, "\"" + call.function() + "\" is not supported");
    };
  }

  private List<Filter> conditions(List<CelExpr> expressions) throws InvalidFilterException {
    List<Filter> parts = new ArrayList<>();
    for (CelExpr part : expressions) {
      parts.add(condition(part));
    }
    return parts;
  }

  private Filter comparison(List<CelExpr> sides, Comparison straight, Comparison flipped)
      throws InvalidFilterException {
    CelExpr left = sides.get(0);
    CelExpr right = sides.get(1);
    if (isSubject(left) && !isSubject(right)) {
      return comparison(left, straight, right);
    }
    if (isSubject(right) && !isSubject(left)) {
      return comparison(right, flipped, left);
    }
    throw refused(left, "a comparison needs an attribute on one side and a value on the other");
  }

  private Filter comparison(CelExpr subject, Comparison comparison, CelExpr value)
      throws InvalidFilterException {
    Literal literal = literal(value);
    return switch (subject(subject)) {
      case Subject.Attribute attribute -> new Filter.Compare(attribute.name(), comparison, literal);
      case Subject.Id id -> new Filter.CompareId(comparison, text(value, literal));
      case Subject.Labels labels ->
          throw refused(subject, "labels are asked as \"name\" in labels");
      case Subject.LabelsOf labels ->
          throw refused(subject, "labels are asked as \"name\" in labels");
    };
  }

  private Filter in(CelExpr element, CelExpr container) throws InvalidFilterException {
    if (container.getKind() == CelExpr.ExprKind.Kind.LIST) {
      List<Literal> values = new ArrayList<>();
      for (CelExpr value : container.list().elements()) {
        values.add(literal(value));
      }
      if (!isSubject(element)) {
        throw refused(element, "the left side of in [...] must be an attribute or id");
      }
      return switch (subject(element)) {
        case Subject.Attribute attribute -> new Filter.OneOf(attribute.name(), values);
        case Subject.Id id -> {
          List<String> ids = new ArrayList<>();
          for (Literal value : values) {
            ids.add(text(container, value));
          }
          yield new Filter.IdOneOf(ids);
        }
        case Subject.Labels labels ->
            throw refused(element, "labels are asked as \"name\" in labels");
        case Subject.LabelsOf labels ->
            throw refused(element, "labels are asked as \"name\" in labels");
      };
    }
    String text = text(element, literal(element));
    return switch (subject(container)) {
      case Subject.Attribute attribute -> new Filter.ListHolds(attribute.name(), text);
      case Subject.Labels labels -> new Filter.Labelled(text);
      case Subject.LabelsOf labels -> new Filter.LabelledBy(labels.source(), text);
      case Subject.Id id -> throw refused(container, "id is no list");
    };
  }

  private Filter matches(CelExpr expression, CelCall call, TextMatch how)
      throws InvalidFilterException {
    Optional<CelExpr> target = call.target();
    if (target.isEmpty() || call.args().size() != 1) {
      throw refused(expression, "write it as name." + call.function() + "(\"text\")");
    }
    CelExpr argument = call.args().get(0);
    String text = text(argument, literal(argument));
    return switch (subject(target.get())) {
      case Subject.Attribute attribute -> new Filter.Matches(attribute.name(), how, text);
      case Subject.Id id -> new Filter.IdMatches(how, text);
      case Subject.Labels labels ->
          throw refused(target.get(), "labels are asked as \"name\" in labels");
      case Subject.LabelsOf labels ->
          throw refused(target.get(), "labels are asked as \"name\" in labels");
    };
  }

  private sealed interface Subject {
    record Attribute(String name) implements Subject {}

    record Id() implements Subject {}

    record Labels() implements Subject {}

    record LabelsOf(Filter.Source source) implements Subject {}
  }

  private static boolean isSubject(CelExpr expression) {
    return switch (expression.getKind()) {
      case IDENT, SELECT -> true;
      case CALL -> expression.call().function().equals("_[_]");
      case NOT_SET, CONSTANT, LIST, STRUCT, MAP, COMPREHENSION -> false;
    };
  }

  private Subject subject(CelExpr expression) throws InvalidFilterException {
    if (expression.getKind() == CelExpr.ExprKind.Kind.CALL
        && expression.call().function().equals("_[_]")) {
      List<CelExpr> args = expression.call().args();
      if (!"attributes".equals(path(args.get(0)))) {
        throw refused(expression, "only attributes[\"name\"] is supported");
      }
      return new Subject.Attribute(text(args.get(1), literal(args.get(1))));
    }
    String path = path(expression);
    if (path == null) {
      throw refused(expression, "an attribute is expected here");
    }
    if (path.startsWith("attributes.")) {
      return new Subject.Attribute(path.substring("attributes.".length()));
    }
    return switch (path) {
      case "id" -> new Subject.Id();
      case "labels" -> new Subject.Labels();
      case "labels.user" -> new Subject.LabelsOf(Filter.Source.USER);
      case "labels.model" -> new Subject.LabelsOf(Filter.Source.MODEL);
      case "labels.taught" -> new Subject.LabelsOf(Filter.Source.TAUGHT);
      case "attributes" -> throw refused(expression, "write attributes[\"name\"]");
      default -> new Subject.Attribute(path);
    };
  }

  /** The dotted name that an expression is, or null. */
  private static @Nullable String path(CelExpr expression) {
    return switch (expression.getKind()) {
      case IDENT -> expression.ident().name();
      case SELECT -> {
        String operand = path(expression.select().operand());
        yield operand == null ? null : operand + "." + expression.select().field();
      }
      case NOT_SET, CALL, CONSTANT, LIST, STRUCT, MAP, COMPREHENSION -> null;
    };
  }

  private Literal literal(CelExpr expression) throws InvalidFilterException {
    switch (expression.getKind()) {
      case CONSTANT -> {
        CelConstant constant = expression.constant();
        return switch (constant.getKind()) {
          case STRING_VALUE -> new Literal.Text(constant.stringValue());
          case BOOLEAN_VALUE -> new Literal.Bool(constant.booleanValue());
          case INT64_VALUE -> new Literal.Number(constant.int64Value());
          case UINT64_VALUE -> new Literal.Number(constant.uint64Value().doubleValue());
          case DOUBLE_VALUE -> {
            if (!Double.isFinite(constant.doubleValue())) {
              throw refused(expression, "the number is not finite");
            }
            yield new Literal.Number(constant.doubleValue());
          }
          case NOT_SET, NULL_VALUE, BYTES_VALUE, DURATION_VALUE, TIMESTAMP_VALUE ->
              throw refused(expression, "values of this type are not supported");
        };
      }
      case CALL -> {
        CelCall call = expression.call();
        if (call.function().equals("-_")
            && literal(call.args().get(0)) instanceof Literal.Number number) {
          return new Literal.Number(-number.value());
        }
        if (call.function().equals("timestamp")
            && call.target().isEmpty()
            && call.args().size() == 1
            && literal(call.args().get(0)) instanceof Literal.Text text) {
          return new Literal.Time(instant(expression, text.value()));
        }
        throw refused(expression, "a value is expected here");
      }
      case NOT_SET, IDENT, SELECT, LIST, STRUCT, MAP, COMPREHENSION ->
          throw refused(expression, "a value is expected here");
    }
    throw refused(expression, "a value is expected here");
  }

  private Instant instant(CelExpr expression, String text) throws InvalidFilterException {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      throw refused(expression, "timestamp() takes RFC 3339, as \"2026-01-31T12:00:00Z\"");
    }
  }

  private String text(CelExpr expression, Literal literal) throws InvalidFilterException {
    if (literal instanceof Literal.Text text) {
      return text.value();
    }
    throw refused(expression, "a string is expected here");
  }

  private InvalidFilterException refused(CelExpr expression, String what) {
    String place =
        Optional.ofNullable(source.getPositionsMap().get(expression.id()))
            .flatMap(source::getOffsetLocation)
            .map(at -> "line " + at.getLine() + ", column " + (at.getColumn() + 1) + ": ")
            .orElse("");
    return new InvalidFilterException(place + what + ". " + SUPPORTED);
  }
}
