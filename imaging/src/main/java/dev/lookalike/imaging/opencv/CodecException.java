package dev.lookalike.imaging.opencv;

/** A codec failed on its input. */
public final class CodecException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  CodecException(String message) {
    super(message);
  }

  CodecException(RuntimeException cause) {
    super(String.valueOf(cause.getMessage()), cause);
  }
}
