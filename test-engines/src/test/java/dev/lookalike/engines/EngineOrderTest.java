package dev.lookalike.engines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class EngineOrderTest {
  private final List<String> tried = new ArrayList<>();

  private Supplier<Attempt<String>> found(String way) {
    return () -> {
      tried.add(way);
      return new Attempt.Found<>(way);
    };
  }

  private Supplier<Attempt<String>> missing(String way) {
    return () -> {
      tried.add(way);
      return new Attempt.Missing<>("no " + way);
    };
  }

  @Test
  void anAddressIsTakenBeforeAllElseAndNothingElseIsTried() {
    assertThat(EngineOrder.first(false, found("address"), found("container"), found("process")))
        .isEqualTo(new Attempt.Found<>("address"));
    assertThat(tried).containsExactly("address");
  }

  @Test
  void aContainerIsTakenBeforeAProcess() {
    assertThat(EngineOrder.first(false, missing("address"), found("container"), found("process")))
        .isEqualTo(new Attempt.Found<>("container"));
    assertThat(tried).containsExactly("address", "container");
  }

  @Test
  void aProcessIsTakenLast() {
    assertThat(EngineOrder.first(false, missing("address"), missing("container"), found("process")))
        .isEqualTo(new Attempt.Found<>("process"));
    assertThat(tried).containsExactly("address", "container", "process");
  }

  private Supplier<Attempt<String>> broken(String way) {
    return () -> {
      tried.add(way);
      return new Attempt.Broken<>("broken " + way);
    };
  }

  @Test
  void aBrokenAddressIsNotPassedBy() {
    assertThat(EngineOrder.first(false, broken("address"), found("container"), found("process")))
        .isEqualTo(new Attempt.Broken<>("broken address"));
    assertThat(tried).containsExactly("address");
  }

  @Test
  void aBrokenContainerIsPassedByUnlessEnginesAreRequired() {
    assertThat(EngineOrder.first(false, missing("address"), broken("container"), found("process")))
        .isEqualTo(new Attempt.Found<>("process"));
    tried.clear();
    Attempt<String> required =
        EngineOrder.first(true, missing("address"), broken("container"), found("process"));
    assertThat(tried).containsExactly("address", "container");
    assertThatThrownBy(() -> EngineOrder.take("Kafka", required, true))
        .isInstanceOf(AssertionError.class)
        .hasMessage("Kafka: no address; broken container");
  }

  @Test
  void whatIsBrokenIsNoReasonToSkip() {
    Attempt<String> none =
        EngineOrder.first(false, missing("address"), missing("container"), broken("process"));
    assertThatThrownBy(() -> EngineOrder.take("Kafka", none, false))
        .isInstanceOf(AssertionError.class)
        .hasMessage("Kafka: no address; no container; broken process");
  }

  @Test
  void withoutAnyTheTestIsSkippedAndSaysAllThatIsMissing() {
    Attempt<String> none =
        EngineOrder.first(false, missing("address"), missing("container"), missing("process"));
    assertThatThrownBy(() -> EngineOrder.take("Kafka", none, false))
        .isInstanceOf(TestAbortedException.class)
        .hasMessageContaining("no Kafka to test with: no address; no container; no process");
  }

  @Test
  void whereItIsRequiredASkipIsAFailure() {
    Attempt<String> none = new Attempt.Missing<>("no address");
    assertThatThrownBy(() -> EngineOrder.take("Kafka", none, true))
        .isInstanceOf(AssertionError.class)
        .hasMessage("no Kafka to test with: no address");
  }
}
