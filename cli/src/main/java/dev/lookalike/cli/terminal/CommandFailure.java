package dev.lookalike.cli.terminal;

/**
 * Ends a command with one line on standard error and an exit code; shows the user no stack trace.
 */
public final class CommandFailure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final ExitCode exitCode;
  private final String code;

  /**
   * @param code stable, upper case with underscores: the service's code if a service refused
   * @param message one sentence that says what to do, if known
   */
  public CommandFailure(ExitCode exitCode, String code, String message) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }

  public ExitCode exitCode() {
    return exitCode;
  }

  public String code() {
    return code;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
