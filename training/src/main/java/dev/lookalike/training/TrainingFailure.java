package dev.lookalike.training;

/** A failure that the user can fix, with a stable code: files, fonts, options. */
final class TrainingFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Code code;

  /** The stable codes; README.md lists them. */
  enum Code {
    /** A file or folder is missing, cannot be read, or has the wrong format. */
    BAD_DATA,
    /** Too few images or classes to train on or to test with. */
    TOO_LITTLE_DATA,
    /** The images do not fit into memory. */
    TOO_MUCH_DATA,
    /** Too few fonts with digits. */
    NO_FONTS,
    /** The output folder exists or cannot be written. */
    OUTPUT,
    /** The loss became NaN or infinite. */
    DIVERGED,
    /** The written graph does not give the same numbers as the trained network. */
    EXPORT_DIFFERS
  }

  TrainingFailure(Code code, String message) {
    super(message);
    this.code = code;
  }

  TrainingFailure(Code code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  Code code() {
    return code;
  }
}
