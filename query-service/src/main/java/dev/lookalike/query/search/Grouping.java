package dev.lookalike.query.search;

import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.filter.Filter.Literal;
import dev.lookalike.query.index.Neighbour;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/**
 * Finds the nearest groups of images with the same value of an attribute. Searches in rounds: what
 * a round has found leaves the next, so a group of a million images costs one round; then groups
 * that lack members are searched by themselves. Images without the attribute, and those whose value
 * is a list, are groups of their own.
 */
final class Grouping {
  static final int MAX_GROUPS = 10_000;

  /** Neighbours of one round. */
  private static final int MIN_ROUND = 64;

  private static final int MAX_ROUND = 1000;

  /**
   * A group.
   *
   * @param value of the attribute; empty for an image that is a group of its own
   * @param neighbours best first
   */
  record Found(Optional<AttributeValue> value, List<Neighbour> neighbours) {}

  private static final class Members {
    final Optional<AttributeValue> value;
    final List<Neighbour> neighbours = new ArrayList<>();
    boolean complete;

    Members(Optional<AttributeValue> value) {
      this.value = value;
    }
  }

  private final String attribute;
  private final int size;
  private final int wanted;
  private final BiFunction<Integer, Filter, List<Neighbour>> nearest;

  /**
   * @param size neighbours of a group, at most
   * @param wanted groups, at most
   * @param nearest finds so many neighbours that a filter admits, fewer only if there are no more
   */
  Grouping(
      String attribute,
      int size,
      int wanted,
      BiFunction<Integer, Filter, List<Neighbour>> nearest) {
    this.attribute = attribute;
    this.size = size;
    this.wanted = wanted;
    this.nearest = nearest;
  }

  List<Found> find(Filter filter) {
    Map<Object, Members> groups = new LinkedHashMap<>();
    List<Literal> seenValues = new ArrayList<>();
    List<String> seenIds = new ArrayList<>();
    boolean more = true;
    while (more && groups.size() < wanted) {
      int round = Math.clamp((wanted - groups.size()) * (long) size * 2, MIN_ROUND, MAX_ROUND);
      Filter rest =
          Filter.both(
              filter,
              seenValues.isEmpty() && seenIds.isEmpty()
                  ? Filter.ALL
                  : new Filter.Not(
                      new Filter.Or(
                          List.of(
                              new Filter.OneOf(attribute, seenValues),
                              new Filter.IdOneOf(seenIds)))));
      List<Neighbour> found = nearest.apply(round, rest);
      more = found.size() == round;
      for (Neighbour neighbour : found) {
        Optional<AttributeValue> value =
            Optional.ofNullable(neighbour.entry().attributes().get(attribute))
                .filter(present -> literal(present).isPresent());
        Object key = value.isPresent() ? value.get() : neighbour.entry().imageId();
        Members members = groups.get(key);
        if (members == null) {
          if (groups.size() == wanted) {
            continue;
          }
          members = new Members(value);
          groups.put(key, members);
          value
              .flatMap(Grouping::literal)
              .ifPresentOrElse(seenValues::add, () -> seenIds.add(neighbour.entry().imageId()));
        }
        members.complete |= !more || value.isEmpty();
        if (members.neighbours.size() < size) {
          members.neighbours.add(neighbour);
        }
      }
    }
    List<Found> answer = new ArrayList<>();
    for (Members members : groups.values()) {
      List<Neighbour> neighbours = members.neighbours;
      if (!members.complete && neighbours.size() < size && members.value.isPresent()) {
        neighbours = nearest.apply(size, Filter.both(filter, equalTo(members.value.orElseThrow())));
      }
      answer.add(new Found(members.value, List.copyOf(neighbours)));
    }
    return answer;
  }

  /** Admits the images of a group. */
  Filter equalTo(AttributeValue value) {
    return new Filter.OneOf(attribute, List.of(literal(value).orElseThrow()));
  }

  private static Optional<Literal> literal(AttributeValue value) {
    return switch (value.getKindCase()) {
      case STRING -> Optional.of(new Literal.Text(value.getString()));
      case NUMBER -> Optional.of(new Literal.Number(value.getNumber()));
      case BOOLEAN -> Optional.of(new Literal.Bool(value.getBoolean()));
      case TIME ->
          Optional.of(
              new Literal.Time(
                  Instant.ofEpochSecond(value.getTime().getSeconds(), value.getTime().getNanos())));
      case STRINGS, KIND_NOT_SET -> Optional.empty();
    };
  }
}
