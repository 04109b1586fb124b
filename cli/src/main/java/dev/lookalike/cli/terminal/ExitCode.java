package dev.lookalike.cli.terminal;

/** How a command ends, for scripts. Part of the published interface of the command. */
public enum ExitCode {
  /** Done. */
  OK(0),
  /** Failed for any other reason. */
  FAILED(1),
  /** The command line or a file that it names cannot be used. */
  USAGE(2),
  /** The system is not running, not ready, or was unreachable for too long. */
  UNAVAILABLE(3),
  /** The collection, the image or the content does not exist. */
  NOT_FOUND(4),
  /** The service refused the request. */
  REFUSED(5),
  /** Done, but some images have no outcome yet. */
  PENDING(6),
  /** Interrupted. */
  INTERRUPTED(130);

  private final int number;

  ExitCode(int number) {
    this.number = number;
  }

  /** The exit status of the process, 0 to 255. */
  public int number() {
    return number;
  }
}
