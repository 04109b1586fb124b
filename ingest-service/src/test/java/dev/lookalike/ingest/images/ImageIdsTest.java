package dev.lookalike.ingest.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.service.error.RefusedException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageIdsTest {
  @Test
  void derivedIdsNeverChange() {
    // printf 'key\0order-17' | openssl sha256 -binary | head -c 20 | base32
    assertThat(ImageIds.ofKey("order-17")).hasSize(32).matches("[a-z2-7]{32}");
    assertThat(ImageIds.ofKey("order-17")).isEqualTo("pjnfuxfjhcx345nd32c7q6vnvzo4pkxs");
    assertThat(ImageIds.ofContent("order-17".getBytes(UTF_8)))
        .isEqualTo("eb4brf6g5epclgwg5dar6s3dxejap2se");
  }

  @Test
  void acceptsWhatTheContractSays() {
    for (String id : List.of("a", "0", "A.b_c:d@e+f=g~h-1", "x".repeat(128))) {
      assertThat(ImageIds.checked(id)).isEqualTo(id);
    }
  }

  @Test
  void refusesEverythingElse() {
    for (String id :
        List.of("", ".a", "-a", "a/b", "../a", "a b", "ä", "a\0", "a\n", "x".repeat(129))) {
      assertThatThrownBy(() -> ImageIds.checked(id)).hasMessageContaining("INVALID_IMAGE_ID");
    }
  }

  @Test
  void refusesKeysThatAreTooLong() {
    ImageIds.ofKey("k".repeat(256));
    assertThatThrownBy(() -> ImageIds.ofKey("k".repeat(257))).isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> ImageIds.ofKey("")).isInstanceOf(RefusedException.class);
  }
}
