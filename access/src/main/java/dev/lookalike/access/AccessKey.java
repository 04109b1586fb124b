package dev.lookalike.access;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The stored part of a key.
 *
 * @param id public
 * @param name for people; may be empty
 * @param sha256 of the whole key, 64 hex digits
 * @param grants at least one
 * @param expires when the key stops working
 */
public record AccessKey(
    String id,
    String name,
    String sha256,
    List<Grant> grants,
    Instant created,
    Optional<Instant> expires) {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final int MAX_NAME = 128;

  public AccessKey {
    if (!KeyText.isId(id)) {
      throw new IllegalArgumentException("the id of a key must have 12 characters of a-z and 2-7");
    }
    if (name.length() > MAX_NAME || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "the name of a key may have at most 128 printable characters");
    }
    if (!SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException("sha256 of key " + id + " is not 64 hex digits");
    }
    if (grants.isEmpty()) {
      throw new IllegalArgumentException("key " + id + " has no grants");
    }
    grants = List.copyOf(grants);
  }

  /** The stored part of a new key. */
  public static AccessKey of(
      KeyText text, String name, List<Grant> grants, Instant created, Optional<Instant> expires) {
    return new AccessKey(text.id(), name, text.sha256(), grants, created, expires);
  }

  public boolean expired(Instant now) {
    return expires.isPresent() && !now.isBefore(expires.get());
  }

  /** Whether the key has the role in the collection with this name. */
  public boolean may(Role role, String collection) {
    return grants.stream()
        .anyMatch(
            grant ->
                grant.role().covers(role)
                    && (grant.ofAll() || grant.collection().equals(collection)));
  }

  /** Whether the key has the role in at least one collection. */
  public boolean maySomewhere(Role role) {
    return grants.stream().anyMatch(grant -> grant.role().covers(role));
  }

  /** Whether the key has the role in every collection, future ones included. */
  public boolean mayEverywhere(Role role) {
    return grants.stream().anyMatch(grant -> grant.ofAll() && grant.role().covers(role));
  }
}
