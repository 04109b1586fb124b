import dev.lookalike.imaging.Natives;

/** Unpacks OpenCV's libraries into {@code imaging.natives.directory}, and loads them. */
public final class ExtractNatives {
  private ExtractNatives() {}

  public static void main(String[] args) {
    Natives.load();
  }
}
