package dev.lookalike.query.index.lucene;

import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.FoldedImage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.KnnVectorValues.DocIndexIterator;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.PostingsEnum;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.index.SortedDocValues;
import org.apache.lucene.index.Terms;
import org.apache.lucene.index.TermsEnum;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.BytesRef;

/** Reads records, ids and vectors of the documents that a searcher sees, in any order. */
record LuceneRecords(IndexSearcher searcher) {
  /** The record of an image id; empty if there is none. */
  Optional<FoldedImage> find(String imageId, boolean embedding) throws IOException {
    BytesRef term = new BytesRef(imageId);
    for (LeafReaderContext leaf : searcher.getIndexReader().leaves()) {
      Terms terms = leaf.reader().terms(LuceneFields.ID);
      if (terms == null) {
        continue;
      }
      TermsEnum places = terms.iterator();
      if (!places.seekExact(term)) {
        continue;
      }
      Bits live = leaf.reader().getLiveDocs();
      PostingsEnum postings = places.postings(null, PostingsEnum.NONE);
      for (int document = postings.nextDoc();
          document != DocIdSetIterator.NO_MORE_DOCS;
          document = postings.nextDoc()) {
        if (live == null || live.get(document)) {
          return Optional.of(record(leaf.docBase + document, imageId, embedding));
        }
      }
    }
    return Optional.empty();
  }

  private FoldedImage record(int document, String imageId, boolean embedding) throws IOException {
    return LuceneFields.record(
        imageId,
        searcher.storedFields().document(document, LuceneFields.STORED),
        embedding ? vector(document) : Optional.empty());
  }

  /** The entry of a document that has an outcome. */
  Entry entry(int document, String imageId, boolean embedding) throws IOException {
    return record(document, imageId, embedding)
        .entry()
        .orElseThrow(
            () ->
                new CorruptIndexException(
                    "the record of " + imageId + " has no outcome", "document"));
  }

  Optional<float[]> vector(int document) throws IOException {
    LeafReaderContext leaf = leaf(document);
    FloatVectorValues vectors = leaf.reader().getFloatVectorValues(LuceneFields.VECTOR);
    if (vectors == null) {
      return Optional.empty();
    }
    DocIndexIterator places = vectors.iterator();
    int local = document - leaf.docBase;
    return places.advance(local) == local
        ? Optional.of(vectors.vectorValue(places.index()).clone())
        : Optional.empty();
  }

  String imageId(int document) throws IOException {
    LeafReaderContext leaf = leaf(document);
    SortedDocValues ids = leaf.reader().getSortedDocValues(LuceneFields.ID);
    if (ids == null || !ids.advanceExact(document - leaf.docBase)) {
      throw new CorruptIndexException("a document has no image id", "document " + document);
    }
    return ids.lookupOrd(ids.ordValue()).utf8ToString();
  }

  private LeafReaderContext leaf(int document) {
    List<LeafReaderContext> leaves = searcher.getIndexReader().leaves();
    return leaves.get(ReaderUtil.subIndex(document, leaves));
  }
}
