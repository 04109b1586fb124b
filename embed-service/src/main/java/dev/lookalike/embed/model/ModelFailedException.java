package dev.lookalike.embed.model;

/** The model did not run on a batch; the model's own words, for the operator. */
public final class ModelFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  public ModelFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
