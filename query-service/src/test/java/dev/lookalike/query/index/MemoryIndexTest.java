package dev.lookalike.query.index;

/** The fake that other tests rely on does what every index must do. */
class MemoryIndexTest extends VectorIndexContract {
  private final MemoryIndex.Disk disk = new MemoryIndex.Disk();

  @Override
  protected VectorIndex open(int dimension) {
    return MemoryIndex.open(disk, dimension);
  }

  @Override
  protected void crash(VectorIndex open) {
    ((MemoryIndex) open).crash();
  }
}
