package dev.lookalike.edge;

/** Why a request is not let in. The names are codes of every service's error table. */
public enum Refusal {
  /** No key, or none that counts. */
  UNAUTHENTICATED,
  /** A key without the right that the request needs. */
  PERMISSION_DENIED,
  /** There is no room for what it brings. */
  FULL,
  /** It does not come as it must. */
  INVALID_ARGUMENT
}
