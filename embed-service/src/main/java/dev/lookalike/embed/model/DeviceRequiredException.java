package dev.lookalike.embed.model;

/** CUDA is required and does not run; the loader's own words. */
public final class DeviceRequiredException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DeviceRequiredException(String reason) {
    super("lookalike.device=require, and CUDA does not run: " + reason);
  }
}
