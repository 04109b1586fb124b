package dev.lookalike.imaging;

/** An image that is being decoded; its rows can be read once, from the top down. */
interface DecodedImage extends RowSource, AutoCloseable {
  /**
   * Reads what is left.
   *
   * @throws RefusedException if the file ends before its image does
   */
  void finish();

  @Override
  void close();
}
