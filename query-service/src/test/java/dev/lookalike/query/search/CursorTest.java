package dev.lookalike.query.search;

import static dev.lookalike.query.search.Requests.refusal;
import static dev.lookalike.query.search.Requests.search;
import static dev.lookalike.query.search.Requests.vector;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.query.index.Nearest;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class CursorTest {
  private static final Cursor CURSOR = new Cursor(42, 20, 0.75f, "shoe ä");

  private static String changed(int at, int value) {
    byte[] bytes = Base64.getUrlDecoder().decode(CURSOR.text());
    bytes[at] = (byte) value;
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static void refused(String text, String words) {
    RefusedException refused = refusal(() -> Cursor.read(text, 42));
    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_CURSOR);
    assertThat(refused.detail()).contains(words);
  }

  @Test
  void isReadAsItWasWritten() {
    assertThat(CURSOR.text()).matches("[A-Za-z0-9_-]+");
    assertThat(Cursor.read(CURSOR.text(), 42)).isEqualTo(CURSOR);
    Cursor listing = new Cursor(42, 0, 0, "");
    assertThat(Cursor.read(listing.text(), 42)).isEqualTo(listing);
    assertThat(CURSOR.place()).isEqualTo(new Nearest.Place(0.75f, "shoe ä"));
  }

  @Test
  void belongsToItsRequest() {
    RefusedException refused = refusal(() -> Cursor.read(CURSOR.text(), 43));
    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_CURSOR);
    assertThat(refused.detail()).contains("belongs to another request");
  }

  @Test
  void whatNobodyWroteIsRefused() {
    refused("", "cannot be read");
    refused("!", "cannot be read");
    refused(changed(0, 2), "cannot be read");
    refused(CURSOR.text().substring(0, 20), "cannot be read");
    refused("A".repeat(2049), "cannot be read");
    // A negative depth; a similarity that is not a number.
    refused(changed(9, 0x80), "belongs to another request");
    refused(new Cursor(42, 0, Float.NaN, "a").text(), "belongs to another request");
  }

  @Test
  void tellsRequestsAndBuildsApart() {
    long print = Cursor.fingerprint(search(vector(1, 0)).build(), "b1");
    assertThat(Cursor.fingerprint(search(vector(1, 0)).build(), "b1")).isEqualTo(print);
    assertThat(Cursor.fingerprint(search(vector(0, 1)).build(), "b1")).isNotEqualTo(print);
    assertThat(Cursor.fingerprint(search(vector(1, 0)).build(), "b2")).isNotEqualTo(print);
  }
}
