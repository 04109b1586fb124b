package dev.lookalike.ingest.collections;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.ingest.fakes.FakeLog;
import dev.lookalike.ingest.fakes.FakeRegistry;
import org.junit.jupiter.api.Test;

class CollectionIdsTest {
  private final FakeRegistry registry = new FakeRegistry(new FakeLog());

  @Test
  void anIdIsNeverUsedAgain() {
    String first = CollectionIds.ofName("hats", registry.view());
    assertThat(first).matches("[a-z0-9]{12}");
    assertThat(CollectionIds.ofName("hats", registry.view())).isEqualTo(first);
    assertThat(CollectionIds.ofName("shoes", registry.view())).isNotEqualTo(first);
    registry.write(first, "hats");
    String second = CollectionIds.ofName("hats", registry.view());
    assertThat(second).isNotEqualTo(first);
    registry.delete(first);
    assertThat(CollectionIds.ofName("hats", registry.view())).isEqualTo(second);
    // A creation that came too late has taken its id, too.
    registry.write("other0000001", "hats");
    registry.write(second, "hats");
    assertThat(CollectionIds.ofName("hats", registry.view())).isNotIn(first, second);
  }

  @Test
  void idsOfTheDefaultAreCounted() {
    assertThat(CollectionIds.ofDefault(registry.view())).isEqualTo("default00001");
    registry.write("default00001", "default");
    registry.delete("default00001");
    registry.write("default00002", "hats");
    assertThat(CollectionIds.ofDefault(registry.view())).isEqualTo("default00003");
  }

  @Test
  void randomIdsDiffer() {
    assertThat(CollectionIds.random()).matches("[a-z0-9]{12}").isNotEqualTo(CollectionIds.random());
  }
}
