package dev.lookalike.query.index;

/** What became of the newest version of an image. */
public enum State {
  SEARCHABLE,
  REJECTED,
  DELETED
}
