package dev.lookalike.ingest.images;

import dev.lookalike.proto.image.v1.AttributeValue;
import dev.lookalike.proto.image.v1.Label;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A change of attributes and labels, checked.
 *
 * @param labels replaces the user labels, if present
 */
public record Patch(
    Map<String, AttributeValue> set, Set<String> remove, Optional<List<Label>> labels) {
  public Patch {
    set = Map.copyOf(set);
    remove = Set.copyOf(remove);
    labels = labels.map(List::copyOf);
  }

  /**
   * @throws RefusedException INVALID_ATTRIBUTE, INVALID_ARGUMENT
   */
  public static Patch of(
      Map<String, AttributeValue> set, List<String> remove, Optional<List<String>> labels) {
    if (set.isEmpty() && remove.isEmpty() && labels.isEmpty()) {
      throw new RefusedException(ErrorCode.INVALID_ARGUMENT, "the patch changes nothing");
    }
    Patch patch =
        new Patch(
            Attributes.checked(set),
            Set.copyOf(remove.stream().map(Attributes::checkedName).distinct().toList()),
            labels.map(Labels::ofUser));
    for (String name : patch.remove()) {
      if (patch.set().containsKey(name)) {
        throw new RefusedException(
            ErrorCode.INVALID_ATTRIBUTE, "\"" + name + "\" is both set and removed");
      }
    }
    return patch;
  }
}
