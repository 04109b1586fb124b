package dev.lookalike.service.access;

import static dev.lookalike.access.Role.ADMIN;
import static dev.lookalike.access.Role.READER;
import static dev.lookalike.access.Role.WRITER;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lookalike.service.access.AccessTable.Need;
import dev.lookalike.service.access.AccessTable.Reach;
import dev.lookalike.service.access.AccessTable.Requested;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AccessTableTest {
  private static final AccessTable TABLE =
      AccessTable.builder(false)
          .in(READER, "GET", "/v1/collections/{collection}/images/{id}")
          .in(WRITER, "POST", "/v1/collections/{collection}/images:patch")
          .somewhere(READER, "GET", "/v1/collections")
          .everywhere(ADMIN, "POST", "/v1/collections")
          .build();

  private static Optional<String> collection(String method, String path) {
    return TABLE.request(method, path).map(Requested::collection);
  }

  @Test
  void aPathNamesItsCollection() {
    assertThat(collection("GET", "/v1/collections/shop/images/a:b")).contains("shop");
    assertThat(collection("HEAD", "/v1/collections/shop/images/a")).contains("shop");
    assertThat(collection("GET", "/v1/collections/sh%6Fp/images/a%20b")).contains("shop");
    assertThat(collection("GET", "/v1/collections/a+b/images/c")).contains("a+b");
    assertThat(collection("POST", "/v1/collections/shop/images:patch")).contains("shop");
    assertThat(TABLE.request("POST", "/v1/collections").map(r -> r.need().reach()))
        .contains(Reach.EVERYWHERE);
  }

  @Test
  void whatIsNotInTheTableNeedsMoreThanAnyKeyHas() {
    for (String path :
        List.of(
            "",
            "/",
            "/v1",
            "/v1/collections/",
            "/v1/collections/shop",
            "/v1/collections/shop/images/a/b",
            "/V1/collections",
            "/q/metrics/x",
            "/q/dev",
            "/q/health/live/x")) {
      assertThat(TABLE.request("GET", path)).as(path).isEmpty();
    }
    assertThat(TABLE.request("DELETE", "/v1/collections/shop/images/a")).isEmpty();
    assertThat(TABLE.request("OPTIONS", "/v1/collections")).isEmpty();
  }

  @Test
  void aPathThatCanBeReadInTwoWaysIsInNoTable() {
    for (String path :
        List.of(
            "/v1/collections/shop;x=1/images/a",
            "/v1/collections/shop%3Bx/images/a",
            "/v1/collections//images/a",
            "/v1/collections/shop%2Fother/images/a",
            "/v1/collections/shop/images/..",
            "/v1/collections/../images/a",
            "/v1/collections/shop/images/a%5C",
            "/v1/collections/shop\\x/images/a",
            "/v1/collections/shop/images/a/",
            "/v1/collections/%zz/images/a")) {
      assertThat(TABLE.request("GET", path)).as(path).isEmpty();
    }
  }

  @Test
  void healthIsOpenAndMetricsAsTold() {
    assertThat(reach(TABLE, "/q/health/ready")).isEqualTo(Reach.OPEN);
    assertThat(reach(TABLE, "/q/metrics")).isEqualTo(Reach.SOMEWHERE);
    assertThat(reach(AccessTable.builder(true).build(), "/q/metrics")).isEqualTo(Reach.OPEN);
    assertThat(TABLE.call("grpc.health.v1.Health/Check").map(Need::reach)).contains(Reach.OPEN);
    assertThat(TABLE.call("lookalike.search.v1.Search/Search")).isEmpty();
  }

  private static Reach reach(AccessTable table, String path) {
    return table.request("GET", path).orElseThrow().need().reach();
  }
}
