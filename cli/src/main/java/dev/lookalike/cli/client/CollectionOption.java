package dev.lookalike.cli.client;

import picocli.CommandLine.Option;

/** The option of commands that work on one collection. */
public final class CollectionOption {

  @Option(
      names = {"-c", "--collection"},
      paramLabel = "NAME",
      defaultValue = "default",
      description = "Name of the collection; default: ${DEFAULT-VALUE}.")
  private String name = "default";

  /** The option with a given value. */
  public static CollectionOption of(String name) {
    CollectionOption option = new CollectionOption();
    option.name = name;
    return option;
  }

  public String name() {
    return name;
  }

  /** {@code /v1/collections/NAME} and the rest of a path. */
  public String path(String rest) {
    return "/v1/collections/" + Rest.escaped(name) + rest;
  }
}
