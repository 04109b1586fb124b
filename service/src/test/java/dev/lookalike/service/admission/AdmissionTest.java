package dev.lookalike.service.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.service.error.RefusedException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  @Test
  void refusesWhenBytesAreTaken() {
    Admission admission = new Admission(10, 100, 100, "full");
    Admission.Reservation first = admission.reserve(60);
    assertThatThrownBy(() -> admission.reserve(41)).isInstanceOf(RefusedException.class);
    Admission.Reservation second = admission.reserve(40);
    first.close();
    first.close();
    assertThat(admission.bytes()).isEqualTo(40);
    second.close();
    assertThat(admission.bytes()).isZero();
    assertThat(admission.requests()).isZero();
  }

  @Test
  void refusesWhenPlacesAreTaken() {
    Admission admission = new Admission(2, 100, 10, "full");
    Admission.Reservation first = admission.reserve(1);
    admission.reserve(1);
    assertThatThrownBy(() -> admission.reserve(1)).hasMessageContaining("FULL");
    first.close();
    admission.reserve(1);
  }

  @Test
  void givesBackWhatIsNotNeeded() {
    Admission admission = new Admission(10, 100, 100, "full");
    Admission.Reservation place = admission.reserve(100);
    place.shrinkTo(10);
    assertThat(admission.bytes()).isEqualTo(10);
    place.shrinkTo(50);
    assertThat(admission.bytes()).isEqualTo(10);
    place.close();
    place.shrinkTo(0);
    assertThat(admission.bytes()).isZero();
  }

  @Test
  void waitersComeInOrderAndTakePlaces() {
    Admission admission = new Admission(3, 100, 100, "full");
    Admission.Reservation first = admission.reserve(100);
    List<String> order = new ArrayList<>();
    List<Admission.Reservation> granted = new ArrayList<>();
    for (String name : List.of("a", "b")) {
      assertThat(
              admission.reserveWhenFree(
                  60,
                  place -> {
                    order.add(name);
                    granted.add(place);
                  }))
          .isNotNull();
    }
    assertThatThrownBy(() -> admission.reserveWhenFree(1, granted::add))
        .hasMessageContaining("FULL");
    first.close();
    assertThat(order).containsExactly("a");
    granted.getFirst().close();
    assertThat(order).containsExactly("a", "b");
    granted.getLast().close();
    assertThat(admission.requests()).isZero();
    assertThat(admission.bytes()).isZero();
  }

  @Test
  void aWaiterThatGivesUpLeavesNothing() {
    Admission admission = new Admission(3, 100, 100, "full");
    Admission.Reservation first = admission.reserve(100);
    Admission.Waiting waiting =
        java.util.Objects.requireNonNull(admission.reserveWhenFree(100, place -> {}));
    waiting.cancel();
    waiting.cancel();
    first.close();
    assertThat(admission.requests()).isZero();
    assertThat(admission.bytes()).isZero();
  }

  @Test
  void oneAloneIsAlwaysLetIn() {
    Admission admission = new Admission(10, 100, 1000, "full");
    Admission.Reservation large = admission.reserve(1000);
    large.growTo(1200);
    assertThatThrownBy(() -> admission.reserve(1)).hasMessageContaining("FULL");
    large.close();
    Admission.Reservation first = admission.reserve(50);
    admission.reserve(50);
    assertThatThrownBy(() -> first.growTo(51)).hasMessageContaining("FULL");
  }
}
