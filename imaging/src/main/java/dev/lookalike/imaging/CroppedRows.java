package dev.lookalike.imaging;

/** Rows of a rectangle of an image. */
final class CroppedRows implements RowSource {
  private final RowSource whole;
  private final Rectangle part;
  private final byte[] row;

  private CroppedRows(RowSource whole, Rectangle part) {
    this.whole = whole;
    this.part = part;
    this.row = new byte[whole.width() * 3];
  }

  static RowSource of(RowSource whole, Rectangle part) {
    return part.equals(Rectangle.all(new Size(whole.width(), whole.height())))
        ? whole
        : new CroppedRows(whole, part);
  }

  @Override
  public int width() {
    return part.width();
  }

  @Override
  public int height() {
    return part.height();
  }

  @Override
  public void read(int y, byte[] rgb) {
    whole.read(part.top() + y, row);
    System.arraycopy(row, part.left() * 3, rgb, 0, part.width() * 3);
  }
}
