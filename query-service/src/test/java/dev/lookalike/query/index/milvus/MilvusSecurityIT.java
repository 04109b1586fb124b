package dev.lookalike.query.index.milvus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lookalike.engines.Certificates;
import dev.lookalike.engines.MilvusEngine;
import dev.lookalike.query.filter.Filter;
import dev.lookalike.query.index.Change;
import dev.lookalike.query.index.Images;
import dev.lookalike.query.index.LogPartition;
import dev.lookalike.query.index.Nearest;
import dev.lookalike.query.index.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A Milvus that wants a password, and certificates on both sides. */
class MilvusSecurityIT {
  @TempDir Path directory;

  @Test
  void whoShowsCertificateAndPasswordIsLetInAndNobodyElse() throws IOException {
    Certificates certificates = Certificates.make(directory.resolve("ours"));
    Certificates strangers = Certificates.make(directory.resolve("strangers"));
    try (MilvusEngine engine = MilvusEngine.secured(certificates, true)) {
      MilvusOptions.Access ours = access(certificates, certificates, MilvusEngine.TOKEN);
      try (MilvusServer server = connect(engine, ours)) {
        await().atMost(Duration.ofSeconds(60)).until(server::reachable);
        MilvusIndex index = new MilvusCatalog(server).open("test_secured", 2);
        List<Change> changes =
            List.of(
                Images.embedded("right", 0, new float[] {1, 0}),
                Images.embedded("up", 1, new float[] {0, 1}));
        index.apply(changes, new Progress(Map.of(new LogPartition("o", 0), 2L), Map.of(0, 2L)));
        index.refresh();
        assertThat(
                index.nearest(
                    new Nearest(new float[] {1, 0}, 1, Filter.ALL, false, Optional.empty(), false)))
            .singleElement()
            .satisfies(nearest -> assertThat(nearest.entry().imageId()).isEqualTo("right"));
        index.close();
      }
      isKeptOut(engine, access(certificates, certificates, "root:guessed"), "auth");
      isKeptOut(engine, access(strangers, certificates, MilvusEngine.TOKEN), "");
      isKeptOut(engine, access(certificates, strangers, MilvusEngine.TOKEN), "");
    }
  }

  private static void isKeptOut(MilvusEngine engine, MilvusOptions.Access access, String why) {
    try (MilvusServer server = connect(engine, access)) {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  server.away().filter(words -> !words.endsWith("not connected yet")).isPresent());
      assertThat(server.away().orElseThrow()).contains(why).doesNotContain("guessed");
    }
  }

  private static MilvusServer connect(MilvusEngine engine, MilvusOptions.Access access) {
    return new MilvusServer(
        MilvusContract.options(engine.uri(), access, "HNSW", Map.of(), Map.of()));
  }

  private static MilvusOptions.Access access(
      Certificates trusted, Certificates shown, String token) {
    return new MilvusOptions.Access(
        Optional.of(token),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(trusted.authority().toString()),
        Optional.of(shown.certificate("client").toString()),
        Optional.of(shown.key("client").toString()),
        Optional.empty());
  }
}
