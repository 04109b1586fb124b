package dev.lookalike.ingest.collections;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.ingest.fakes.FakeLog;
import dev.lookalike.ingest.fakes.FakeRegistry;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.service.error.ErrorCode;
import dev.lookalike.service.error.RefusedException;
import org.junit.jupiter.api.Test;

class CatalogueTest {
  private final FakeRegistry registry = new FakeRegistry(new FakeLog());
  private final Catalogue catalogue = new Catalogue(registry);

  @Test
  void findsByNameAndByIdAndTheDefaultByNothing() {
    registry.write("default00001", "default");
    registry.write("hats00000001", "hats");
    assertThat(catalogue.get("hats").collection().getId()).isEqualTo("hats00000001");
    assertThat(catalogue.get("hats00000001").collection().getName()).isEqualTo("hats");
    assertThat(catalogue.get("").collection().getName()).isEqualTo("default");
    assertThat(catalogue.nameOf("hats00000001")).hasValue("hats");
    assertThat(catalogue.nameOf("shoes")).isEmpty();
    assertThat(catalogue.all())
        .extracting(state -> state.collection().getName())
        .containsExactly("default", "hats");
  }

  @Test
  void aNameWinsOverAnEqualId() {
    registry.write("hats00000001", "hats");
    registry.write("other0000001", "hats00000001");
    assertThat(catalogue.get("hats00000001").collection().getId()).isEqualTo("other0000001");
  }

  @Test
  void whatIsNotThereIsToldWithoutRepeatingNonsense() {
    refused(ErrorCode.COLLECTION_NOT_FOUND, "no collection \"hats\"", () -> catalogue.get("hats"));
    refused(ErrorCode.COLLECTION_NOT_FOUND, "no such collection", () -> catalogue.get("<script>"));
  }

  @Test
  void nothingIsMissingBeforeTheRegistryIsRead() {
    registry.caughtUp = false;
    refused(ErrorCode.BROKER_UNAVAILABLE, "not been read", () -> catalogue.get("hats"));
    refused(ErrorCode.BROKER_UNAVAILABLE, "not been read", catalogue::all);
    catalogue.requireExisting(Collection.newBuilder().setId("hats00000001").build());
  }

  @Test
  void whatWasDeletedMeanwhileIsNotThere() {
    Collection hats = registry.write("hats00000001", "hats");
    catalogue.requireExisting(hats);
    registry.delete("hats00000001");
    refused(
        ErrorCode.COLLECTION_NOT_FOUND, "deleted meanwhile", () -> catalogue.requireExisting(hats));
  }

  private static void refused(ErrorCode code, String detail, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> {
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.detail()).contains(detail);
            });
  }
}
