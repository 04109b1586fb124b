package dev.lookalike.query.search;

import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.search.v1.Group;
import dev.lookalike.proto.search.v1.Hit;
import dev.lookalike.proto.search.v1.SearchResponse;
import dev.lookalike.query.catalog.Lookup;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Entry;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Neighbour;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;
import java.util.Optional;

/** Asks the index, and makes a page of hits or of groups of what it finds. */
final class Answers {
  /** Pages up to this depth are taken from an approximate search, deeper ones from an exact one. */
  private static final int MAX_APPROXIMATE_DEPTH = 1000;

  private final ContentUrls urls;

  Answers(ContentUrls urls) {
    this.urls = urls;
  }

  /** A search with what it looks for. */
  private record Question(Checked.Search search, float[] vector, Filter filter) {
    Query query() {
      return search.query();
    }

    /** Hits or groups of the pages before this one. */
    int depth() {
      return search.cursor().map(Cursor::depth).orElse(0);
    }

    List<Neighbour> nearest(int k, Filter admitted, Optional<Nearest.Place> after) {
      return search
          .ready()
          .index()
          .nearest(
              new Nearest(vector, k, admitted, query().exact(), after, query().includeVectors()));
    }

    boolean isNearEnough(Neighbour neighbour) {
      return query().minSimilarity().filter(least -> neighbour.similarity() < least).isEmpty();
    }
  }

  /**
   * Answers a search.
   *
   * @throws RefusedException as {@link QueryVector#of}, or INVALID_CURSOR
   * @throws dev.lookalike.query.index.IndexException of the index
   */
  SearchResponse answer(Embedded.Search embedded) {
    Checked.Search search = embedded.checked();
    Lookup.Ready ready = search.ready();
    QueryVector vector = QueryVector.of(embedded);
    Filter wanted = search.query().filter();
    Question question =
        new Question(
            search,
            vector.values(),
            search.query().excludeSelf()
                ? Filter.both(wanted, new Filter.Not(vector.examples()))
                : wanted);
    SearchResponse.Builder response =
        SearchResponse.newBuilder()
            .setModel(ready.build().getModel())
            .setBuildId(ready.build().getId())
            .setDevice(embedded.device())
            .addAllTokens(search.tokens());
    search
        .query()
        .groups()
        .ifPresentOrElse(
            groups -> addGroups(question, groups, response), () -> addPage(question, response));
    return response.build();
  }

  private void addPage(Question question, SearchResponse.Builder response) {
    int k = question.query().k();
    // One more than shown, to know whether there is a next page.
    List<Neighbour> found = page(question, k + 1).stream().filter(question::isNearEnough).toList();
    List<Neighbour> shown = found.subList(0, Math.min(k, found.size()));
    shown.forEach(neighbour -> response.addHits(hit(question, neighbour)));
    if (found.size() > k) {
      Neighbour last = shown.get(k - 1);
      response.setNextCursor(
          new Cursor(
                  question.search().fingerprint(),
                  question.depth() + k,
                  last.similarity(),
                  last.entry().imageId())
              .text());
    }
  }

  /** As many neighbours as wanted that come after the cursor, fewer only if there are no more. */
  private static List<Neighbour> page(Question question, int wanted) {
    Optional<Nearest.Place> after = question.search().cursor().map(Cursor::place);
    int depth = question.depth();
    if (!question.query().exact() && depth + wanted <= MAX_APPROXIMATE_DEPTH + 1) {
      List<Neighbour> found = question.nearest(depth + wanted, question.filter(), Optional.empty());
      List<Neighbour> rest = found.stream().filter(neighbour -> isAfter(after, neighbour)).toList();
      // Too few only where the index has changed since the last page.
      if (rest.size() >= wanted || found.size() < depth + wanted) {
        return rest;
      }
    }
    return question.nearest(wanted, question.filter(), after);
  }

  private static boolean isAfter(Optional<Nearest.Place> place, Neighbour neighbour) {
    return place
        .map(it -> it.isBefore(neighbour.similarity(), neighbour.entry().imageId()))
        .orElse(true);
  }

  private void addGroups(Question question, Query.Groups groups, SearchResponse.Builder response) {
    int depth = question.depth();
    int end = depth + question.query().k();
    if (end > Grouping.MAX_GROUPS) {
      throw new RefusedException(
          ErrorCode.INVALID_CURSOR,
          "Groups can be paged to " + Grouping.MAX_GROUPS + "; a filter finds what lies deeper.");
    }
    Grouping grouping =
        new Grouping(
            groups.attribute(),
            groups.size(),
            end + 1,
            (k, admitted) ->
                question.nearest(k, admitted, Optional.empty()).stream()
                    .filter(question::isNearEnough)
                    .toList());
    List<Grouping.Found> found = grouping.find(question.filter());
    for (Grouping.Found group :
        found.subList(Math.min(depth, found.size()), Math.min(end, found.size()))) {
      Group.Builder described = Group.newBuilder().setSize(1);
      if (group.value().isPresent()) {
        AttributeValue value = group.value().get();
        Filter members = Filter.both(question.filter(), grouping.equalTo(value));
        described.setValue(value).setSize(question.search().ready().index().count(members));
      }
      for (Neighbour neighbour : group.neighbours()) {
        response.addHits(hit(question, neighbour).toBuilder().setGroup(described));
      }
    }
    if (found.size() > end) {
      response.setNextCursor(new Cursor(question.search().fingerprint(), end, 0, "").text());
    }
  }

  private Hit hit(Question question, Neighbour neighbour) {
    Entry entry = neighbour.entry();
    Collection collection = question.search().ready().collection();
    Hit.Builder hit =
        Hit.newBuilder()
            .setImageId(entry.imageId())
            .setSimilarity(neighbour.similarity())
            .addAllLabels(entry.labels())
            .putAllAttributes(entry.attributes())
            .setModel(entry.outcome().getEmbedded().getModel().getId())
            .setVersion(entry.version())
            .setContentUrl(urls.content(collection, entry.imageId(), entry.version()))
            .setThumbnailUrl(urls.thumbnail(collection, entry.imageId(), entry.version()));
    entry.embedding().ifPresent(embedding -> hit.setVector(EntryMessages.vector(embedding)));
    return hit.build();
  }
}
