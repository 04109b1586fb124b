package dev.lookalike.cli.search;

/**
 * A query picture.
 *
 * @param bytes of the file; not copied
 */
record QueryPicture(String name, byte[] bytes) {

  /** The media type, from the first bytes; empty if browsers may not show it. */
  String mediaType() {
    if (starts(0xff, 0xd8, 0xff)) {
      return "image/jpeg";
    }
    if (starts(0x89, 'P', 'N', 'G')) {
      return "image/png";
    }
    if (starts('G', 'I', 'F', '8')) {
      return "image/gif";
    }
    if (starts('R', 'I', 'F', 'F') && bytes.length > 12 && bytes[8] == 'W' && bytes[9] == 'E') {
      return "image/webp";
    }
    return starts('B', 'M') ? "image/bmp" : "";
  }

  private boolean starts(int... expected) {
    if (bytes.length < expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if ((bytes[i] & 0xff) != expected[i]) {
        return false;
      }
    }
    return true;
  }
}
