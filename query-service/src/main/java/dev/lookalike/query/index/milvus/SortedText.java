package dev.lookalike.query.index.milvus;

/**
 * Texts as they stand in Milvus: in the same order as the original ones by the bytes of their
 * UTF-8, and without any character that an expression of Milvus would need an escape for, of which
 * each server has its own idea. What an image id may consist of stays as it is.
 *
 * <p>A character that cannot stay is written as its nearest smaller neighbour that can, followed by
 * two hexadecimal digits of the character; so that neighbour is written like that, too. Nothing
 * written so begins with {@code !} and a letter beyond f: such ids are free for rows of ours.
 */
final class SortedText {
  private static final String HEX = "0123456789abcdef";

  private SortedText() {}

  static String of(String text) {
    StringBuilder sorted = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      char lead = lead(c);
      if (lead == 0) {
        if (sorted != null) {
          sorted.append(c);
        }
        continue;
      }
      if (sorted == null) {
        sorted = new StringBuilder(text.length() + 16).append(text, 0, i);
      }
      sorted.append(lead).append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
    }
    return sorted == null ? text : sorted.toString();
  }

  /** Inverse of {@link #of}. */
  static String read(String sorted) {
    StringBuilder text = null;
    for (int i = 0; i < sorted.length(); i++) {
      char c = sorted.charAt(i);
      if (lead(c) != c) {
        if (text != null) {
          text.append(c);
        }
        continue;
      }
      if (text == null) {
        text = new StringBuilder(sorted.length()).append(sorted, 0, i);
      }
      if (i + 2 >= sorted.length()) {
        throw new IllegalArgumentException("no sorted text: " + sorted);
      }
      text.append((char) Integer.parseInt(sorted, i + 1, i + 3, 16));
      i += 2;
    }
    return text == null ? sorted : text.toString();
  }

  /** The smallest text that is larger than all that begin with this one; empty: there is none. */
  static String after(String prefix) {
    int end = prefix.length();
    while (end > 0) {
      int last = prefix.codePointBefore(end);
      end -= Character.charCount(last);
      if (last < Character.MAX_CODE_POINT) {
        // Half a pair is no character.
        int next = last + 1 == Character.MIN_SURROGATE ? Character.MAX_SURROGATE + 1 : last + 1;
        return prefix.substring(0, end) + Character.toString(next);
      }
    }
    return "";
  }

  /** What a character is written with, or 0 if it stays as it is. */
  private static char lead(char c) {
    if (c <= '"') {
      return '!';
    }
    return switch (c) {
      case '&', '\'' -> '&';
      case '[', '\\' -> '[';
      default -> 0;
    };
  }
}
