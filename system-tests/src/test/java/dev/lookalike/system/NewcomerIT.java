package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README shows, typed as it stands. */
class NewcomerIT {
  private final RunningSystem system = RunningSystem.get();

  @Test
  void importsAFolderSearchesWithAPhotoAndFindsItsNeighbours(@TempDir Path photos)
      throws IOException {
    Files.createDirectories(photos.resolve("red"));
    for (int i = 0; i < 30; i++) {
      Files.write(
          photos.resolve(i < 10 ? "red" : ".").resolve(i + ".jpg"), Pictures.jpeg(4000 + i));
    }
    Files.write(photos.resolve("copy-of-12.jpg"), Pictures.jpeg(4012));
    Files.writeString(photos.resolve("broken.jpg"), "no picture");
    Files.writeString(
        photos.resolve("prices.csv"), "file,price:number\n12.jpg,9.5\nred/3.jpg,20\n");

    system.lookalike("collection", "create", "holiday").ok();
    List<String> command =
        List.of(
            "import",
            photos.toString(),
            "--collection",
            "holiday",
            "--attributes",
            photos.resolve("prices.csv").toString(),
            "--json");
    JsonNode summary = system.lookalike(command).json();
    assertThat(summary.path("searchable").asInt()).isEqualTo(30);
    assertThat(summary.path("duplicate").asInt()).isEqualTo(1);
    assertThat(summary.path("rejected").path("UNKNOWN_FORMAT").asInt()).isGreaterThanOrEqualTo(1);

    JsonNode again = system.lookalike(command).json();
    assertThat(again.path("uploaded").asInt()).isZero();

    String photo = photos.resolve("12.jpg").toString();
    JsonNode hits =
        system.lookalike("search", photo, "--collection", "holiday", "--json").json().path("hits");
    assertThat(hits.at("/0/similarity").asDouble()).isGreaterThanOrEqualTo(0.999);
    assertThat(hits.at("/0/attributes/price").asDouble()).isEqualTo(9.5);
    String id = hits.at("/0/image_id").asText();

    RunningSystem.Run table = system.lookalike("search", photo, "--collection", "holiday").ok();
    assertThat(table.out()).contains("12.jpg").doesNotContain("\u001b[");

    Path page = photos.resolve("out.html");
    system.lookalike("search", photo, "--collection", "holiday", "--html", page.toString()).ok();
    assertThat(Files.readString(page)).contains("data:image/jpeg;base64,", "12.jpg");

    JsonNode similar =
        system.lookalike("similar", id, "--collection", "holiday", "--json").json().path("hits");
    assertThat(similar.findValuesAsText("image_id")).isNotEmpty().doesNotContain(id);

    system.lookalike("patch", id, "--collection", "holiday", "--set", "price=7").ok();
    JsonNode got = system.lookalike("get", id, "--collection", "holiday", "--json").json();
    assertThat(got.path("state").asText()).isEqualTo("searchable");

    RunningSystem.Run export =
        system.lookalike("export", "--collection", "holiday", "--vectors").ok();
    assertThat(export.out().lines()).hasSize(30);

    system.lookalike("delete", id, "--collection", "holiday").ok();
    assertThat(
            system
                .lookalike("search", photo, "--collection", "holiday", "--json")
                .json()
                .findValuesAsText("image_id"))
        .doesNotContain(id);
  }

  @Test
  void aMistakeIsOneLineWithACodeAndAnExitStatus() {
    RunningSystem.Run absent = system.lookalike("search", "/no/such/photo.jpg");
    assertThat(absent.exit()).isNotZero();
    assertThat(absent.err().lines()).hasSizeLessThanOrEqualTo(2);
    assertThat(absent.err()).contains("/no/such/photo.jpg").doesNotContain("Exception", "\tat ");

    RunningSystem.Run unknown = system.lookalike("list", "--collection", "no-such-collection");
    assertThat(unknown.exit()).isNotZero();
    assertThat(unknown.err()).contains("COLLECTION_NOT_FOUND");
    assertThat(system.lookalike("--help").ok().out()).contains("up", "import", "search");
  }
}
