package dev.lookalike.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AccessKeyTest {
  private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");

  private static AccessKey key(Grant... grants) {
    return AccessKey.of(KeyText.random(), "", List.of(grants), NOW, Optional.empty());
  }

  @Test
  void aKeyIsReadAsItIsWrittenAndShowsItsIdOnly() {
    KeyText text = KeyText.random();
    assertThat(text.secret()).matches("lk_[a-z2-7]{12}_[a-z2-7]{52}").contains(text.id());
    assertThat(KeyText.read(text.secret()).orElseThrow().sha256()).isEqualTo(text.sha256());
    assertThat(text.toString()).contains(text.id()).hasSizeLessThan(24);
    assertThat(text.hasSha256(text.sha256())).isTrue();
    assertThat(text.hasSha256(KeyText.random().sha256())).isFalse();
    for (String none :
        List.of(
            "",
            "lk_",
            text.secret() + "a",
            text.secret().toUpperCase(java.util.Locale.ROOT),
            " " + text.secret())) {
      assertThat(KeyText.read(none)).as(none).isEmpty();
    }
  }

  @Test
  void aRoleCoversThoseBeforeItInItsCollectionOnly() {
    AccessKey key = key(new Grant("shop", Role.WRITER), new Grant("archive", Role.READER));
    assertThat(key.may(Role.READER, "shop")).isTrue();
    assertThat(key.may(Role.WRITER, "shop")).isTrue();
    assertThat(key.may(Role.ADMIN, "shop")).isFalse();
    assertThat(key.may(Role.WRITER, "archive")).isFalse();
    assertThat(key.may(Role.READER, "other")).isFalse();
    assertThat(key.may(Role.READER, "*")).isFalse();
    assertThat(key.maySomewhere(Role.WRITER)).isTrue();
    assertThat(key.maySomewhere(Role.ADMIN)).isFalse();
    assertThat(key.mayEverywhere(Role.READER)).isFalse();
  }

  @Test
  void aGrantOfAllReachesEveryCollection() {
    AccessKey key = key(new Grant("*", Role.READER), new Grant("shop", Role.ADMIN));
    assertThat(key.may(Role.READER, "whatever")).isTrue();
    assertThat(key.mayEverywhere(Role.READER)).isTrue();
    assertThat(key.mayEverywhere(Role.ADMIN)).isFalse();
    assertThat(key.may(Role.ADMIN, "shop")).isTrue();
  }

  @Test
  void aKeyExpiresAtItsTime() {
    AccessKey key =
        AccessKey.of(
            KeyText.random(), "", List.of(new Grant("*", Role.READER)), NOW, Optional.of(NOW));
    assertThat(key.expired(NOW.minusMillis(1))).isFalse();
    assertThat(key.expired(NOW)).isTrue();
  }

  @Test
  void whatIsNoGrantIsRefused() {
    for (String name : List.of("", "Shop", "a b", "**", "sh*", "../x")) {
      assertThatIllegalArgumentException().isThrownBy(() -> new Grant(name, Role.READER));
    }
  }
}
