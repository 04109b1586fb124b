package dev.lookalike.intake;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IntakeTest {
  private final Intake intake = new Intake(100 * Intake.COST);

  @Test
  void refusesWhatHasNoRoomAndKeepsWhatWasHeld() {
    Intake.Place first = intake.place();
    assertThat(first.cover(60)).isTrue();
    Intake.Place second = intake.place();
    assertThat(second.cover(41)).isFalse();
    assertThat(second.cover(40)).isTrue();
    assertThat(first.cover(61)).isFalse();
    assertThat(intake.taken()).isEqualTo(100L * Intake.COST);
    first.close();
    assertThat(second.cover(100)).isTrue();
    second.close();
    second.close();
    assertThat(intake.taken()).isZero();
  }

  @Test
  void oneAloneIsAlwaysLetIn() {
    Intake.Place large = intake.place();
    assertThat(large.cover(10)).isTrue();
    assertThat(large.cover(1000)).isTrue();
    assertThat(intake.place().cover(1)).isFalse();
    large.close();
    assertThat(large.cover(1)).isFalse();
    assertThat(intake.place().cover(1000)).isTrue();
  }

  @Test
  void coveringLessGivesNothingBack() {
    Intake.Place place = intake.place();
    assertThat(place.cover(50)).isTrue();
    assertThat(place.cover(10)).isTrue();
    assertThat(intake.taken()).isEqualTo(50L * Intake.COST);
  }
}
