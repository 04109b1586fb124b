package dev.lookalike.query.index.lucene;

import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.filter.Filter.Comparison;
import dev.lookalike.query.filter.Filter.TextMatch;
import java.util.List;
import java.util.function.Predicate;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.MatchAllDocsQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermInSetQuery;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.util.BytesRef;

/** Filters as Lucene queries. */
final class FilterQueries {
  private static final BytesRef EMPTY = new BytesRef();

  private FilterQueries() {}

  static Query of(Filter filter) {
    return switch (filter) {
      case Filter.And and -> all(and.parts());
      case Filter.Or or -> any(or.parts());
      case Filter.Not not ->
          new BooleanQuery.Builder()
              .add(MatchAllDocsQuery.INSTANCE, Occur.FILTER)
              .add(of(not.part()), Occur.MUST_NOT)
              .build();
      case Filter.Compare compare ->
          compare(
              LuceneFields.ATTRIBUTES,
              AttributeTerms.prefix(compare.attribute(), AttributeTerms.type(compare.value())),
              compare.comparison(),
              AttributeTerms.term(compare.attribute(), compare.value()));
      case Filter.OneOf oneOf ->
          new TermInSetQuery(
              LuceneFields.ATTRIBUTES,
              oneOf.values().stream()
                  .map(value -> AttributeTerms.term(oneOf.attribute(), value))
                  .toList());
      case Filter.Matches matches ->
          matches(
              LuceneFields.ATTRIBUTES,
              AttributeTerms.prefix(matches.attribute(), AttributeTerms.TEXT),
              matches.how(),
              matches.text());
      case Filter.Has has ->
          TermSpanQuery.prefix(LuceneFields.ATTRIBUTES, AttributeTerms.prefix(has.attribute()));
      case Filter.ListHolds holds ->
          new TermQuery(
              new Term(
                  LuceneFields.ATTRIBUTES,
                  AttributeTerms.element(holds.attribute(), holds.text())));
      case Filter.Labelled labelled ->
          new TermQuery(new Term(LuceneFields.LABELS, labelled.name()));
      case Filter.LabelledBy labelled ->
          new TermQuery(
              new Term(
                  LuceneFields.LABELS_BY_SOURCE,
                  LuceneFields.label(labelled.source(), labelled.name())));
      case Filter.HasLabels labelled ->
          TermSpanQuery.prefix(
              LuceneFields.LABELS_BY_SOURCE,
              new BytesRef(LuceneFields.label(labelled.source(), "")));
      case Filter.CompareId compare ->
          compare(LuceneFields.ID, EMPTY, compare.comparison(), new BytesRef(compare.id()));
      case Filter.IdOneOf oneOf ->
          new TermInSetQuery(LuceneFields.ID, oneOf.ids().stream().map(BytesRef::new).toList());
      case Filter.IdMatches matches ->
          matches(LuceneFields.ID, EMPTY, matches.how(), matches.text());
      case Filter.OriginalIs original ->
          new TermQuery(
              new Term(LuceneFields.ORIGINAL, new BytesRef(original.sha256().toByteArray())));
    };
  }

  private static Query all(List<Filter> parts) {
    if (parts.isEmpty()) {
      return MatchAllDocsQuery.INSTANCE;
    }
    BooleanQuery.Builder builder = new BooleanQuery.Builder();
    parts.forEach(part -> builder.add(of(part), Occur.FILTER));
    return builder.build();
  }

  private static Query any(List<Filter> parts) {
    if (parts.isEmpty()) {
      return new MatchNoDocsQuery();
    }
    BooleanQuery.Builder builder = new BooleanQuery.Builder();
    parts.forEach(part -> builder.add(of(part), Occur.SHOULD));
    return builder.build();
  }

  private static Query compare(
      String field, BytesRef prefix, Comparison comparison, BytesRef value) {
    Predicate<BytesRef> other = term -> !term.equals(value);
    return switch (comparison) {
      case EQUAL -> new TermQuery(new Term(field, value));
      case NOT_EQUAL ->
          new TermSpanQuery(field, prefix, prefix, null, "other than " + value, other);
      case LESS -> new TermSpanQuery(field, prefix, prefix, value, "other than " + value, other);
      case LESS_OR_EQUAL -> new TermSpanQuery(field, prefix, prefix, value, "all", term -> true);
      case GREATER -> new TermSpanQuery(field, prefix, value, null, "other than " + value, other);
      case GREATER_OR_EQUAL -> new TermSpanQuery(field, prefix, value, null, "all", term -> true);
    };
  }

  private static Query matches(String field, BytesRef prefix, TextMatch how, String text) {
    BytesRef wanted = new BytesRef(text);
    return switch (how) {
      case STARTS_WITH -> {
        BytesRef longer = new BytesRef(new byte[prefix.length + wanted.length]);
        System.arraycopy(prefix.bytes, prefix.offset, longer.bytes, 0, prefix.length);
        System.arraycopy(wanted.bytes, wanted.offset, longer.bytes, prefix.length, wanted.length);
        yield TermSpanQuery.prefix(field, longer);
      }
      case CONTAINS ->
          new TermSpanQuery(
              field,
              prefix,
              prefix,
              null,
              "contains " + text,
              term -> contains(term, prefix.length, wanted));
      case ENDS_WITH ->
          new TermSpanQuery(
              field,
              prefix,
              prefix,
              null,
              "ends with " + text,
              term ->
                  term.length - prefix.length >= wanted.length
                      && regionEquals(term, term.length - wanted.length, wanted));
    };
  }

  private static boolean contains(BytesRef term, int start, BytesRef wanted) {
    for (int at = start; at <= term.length - wanted.length; at++) {
      if (regionEquals(term, at, wanted)) {
        return true;
      }
    }
    return false;
  }

  private static boolean regionEquals(BytesRef term, int at, BytesRef wanted) {
    for (int i = 0; i < wanted.length; i++) {
      if (term.bytes[term.offset + at + i] != wanted.bytes[wanted.offset + i]) {
        return false;
      }
    }
    return true;
  }
}
