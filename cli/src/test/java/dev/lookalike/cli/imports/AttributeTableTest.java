package dev.lookalike.cli.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttributeTableTest {

  @TempDir Path directory;

  private AttributeTable read(String name, String text) throws IOException {
    return AttributeTable.read(Files.writeString(directory.resolve(name), text));
  }

  private static AttributeTable.Row row(AttributeTable table, String file) {
    return table.find(file).orElseThrow();
  }

  @Test
  void csvHasTypedColumnsQuotesAndEmptyCells() throws IOException {
    AttributeTable table =
        read(
            "t.csv",
            "\ufefffile,price:number,at:time,tags:list,ok:boolean,label,note\n"
                + "a/b.jpg,9.5,2026-01-31T12:00:00+02:00,x; y,false,shirt,\"one, \"\"two\"\"\"\n"
                + "c.jpg,,,,,,\n");
    assertThat(row(table, "a/b.jpg").attributes())
        .isEqualTo(
            Json.parse(
                """
                {"price":9.5,"at":{"time":"2026-01-31T10:00:00Z"},"tags":["x","y"],"ok":false,
                 "note":"one, \\"two\\""}"""));
    assertThat(row(table, "a/b.jpg").labels()).isEqualTo(List.of("shirt"));
    assertThat(row(table, "deep/down/c.jpg").attributes().isEmpty()).isTrue();
    assertThat(table.find("b.jpg")).isEmpty();
  }

  @Test
  void jsonLinesKeepTheirTypes() throws IOException {
    AttributeTable table =
        read("t.jsonl", "{\"file\":\"a.jpg\",\"price\":3,\"label\":[\"x\",\"y\"]}\n\n");
    assertThat(row(table, "a.jpg").attributes()).isEqualTo(Json.parse("{\"price\":3}"));
    assertThat(row(table, "a.jpg").labels()).isEqualTo(List.of("x", "y"));
  }

  @Test
  void whatCannotBeReadIsNamedByItsPlace() {
    assertThatThrownBy(() -> read("t.csv", "file,price:number\na.jpg,1\nb.jpg,cheap\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("row 3", "price", "cheap");
    assertThatThrownBy(() -> read("t.jsonl", "{}\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("line 1");
  }
}
