package dev.lookalike.query.index.lucene;

import java.io.IOException;
import java.util.Objects;
import java.util.function.Predicate;
import org.apache.lucene.index.FilteredTermsEnum;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.MultiTermQuery;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.util.AttributeSource;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.StringHelper;
import org.jspecify.annotations.Nullable;

/** Matches documents with a term in a span of the field's terms that a test admits. */
final class TermSpanQuery extends MultiTermQuery {
  private final BytesRef prefix;
  private final BytesRef from;
  private final @Nullable BytesRef to;
  private final String meaning;
  private final Predicate<BytesRef> test;

  /**
   * @param prefix of all terms of the span
   * @param from the first term of the span, inclusive
   * @param to the last, inclusive; null: to the last with the prefix
   * @param meaning tells this test from others, for equality
   */
  TermSpanQuery(
      String field,
      BytesRef prefix,
      BytesRef from,
      @Nullable BytesRef to,
      String meaning,
      Predicate<BytesRef> test) {
    super(field, CONSTANT_SCORE_BLENDED_REWRITE);
    this.prefix = prefix;
    this.from = from;
    this.to = to;
    this.meaning = meaning;
    this.test = test;
  }

  /** All terms with a prefix. */
  static TermSpanQuery prefix(String field, BytesRef prefix) {
    return new TermSpanQuery(field, prefix, prefix, null, "all", term -> true);
  }

  @Override
  protected TermsEnum getTermsEnum(Terms terms, AttributeSource attributes) throws IOException {
    return new FilteredTermsEnum(terms.iterator()) {
      {
        setInitialSeekTerm(from);
      }

      @Override
      protected AcceptStatus accept(BytesRef term) {
        if (!StringHelper.startsWith(term, prefix) || (to != null && term.compareTo(to) > 0)) {
          return AcceptStatus.END;
        }
        return test.test(term) ? AcceptStatus.YES : AcceptStatus.NO;
      }
    };
  }

  @Override
  public void visit(QueryVisitor visitor) {
    if (visitor.acceptField(getField())) {
      visitor.visitLeaf(this);
    }
  }

  @Override
  public String toString(String field) {
    return getField() + ":" + new Term(getField(), from) + ".. " + meaning;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return super.equals(other)
        && other instanceof TermSpanQuery that
        && prefix.equals(that.prefix)
        && from.equals(that.from)
        && Objects.equals(to, that.to)
        && meaning.equals(that.meaning);
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), prefix, from, to, meaning);
  }
}
