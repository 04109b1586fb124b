package dev.lookalike.system.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.lookalike.system.KafkaAcls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every overlay of k8s/, as the real kustomize renders it. */
class KubernetesTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final Map<String, Cluster> OVERLAYS = new HashMap<>();

  @BeforeAll
  static void render() throws IOException, InterruptedException {
    Optional<Kustomize> kustomize = Kustomize.find();
    if (kustomize.isEmpty() && Boolean.parseBoolean(System.getenv("CI"))) {
      throw new AssertionError(Kustomize.MISSING);
    }
    assumeTrue(kustomize.isPresent(), Kustomize.MISSING);
    try (Stream<Path> folders = Files.list(ROOT.resolve("k8s/overlays"))) {
      for (Path folder : folders.toList()) {
        List<ObjectNode> resources = kustomize.orElseThrow().render(folder);
        OVERLAYS.put(folder.getFileName().toString(), new Cluster(resources));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"one-node", "production", "gpu"})
  void everyFieldIsOneOfItsType(String overlay) {
    List<String> problems =
        cluster(overlay).resources().stream()
            .map(ResourceTypes::problem)
            .flatMap(Optional::stream)
            .toList();
    assertThat(problems).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"one-node", "production", "gpu"})
  void everyPolicyIsKept(String overlay) {
    List<String> violations =
        Stream.of(Policy.values())
            .flatMap(policy -> policy.violations(cluster(overlay)).stream())
            .toList();
    assertThat(violations).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void everyPolicySeesWhatBreaksIt(Policy policy) {
    Cluster broken = cluster("production").copy();
    policy.breakIn(broken);
    assertThat(policy.violations(broken)).isNotEmpty();
  }

  /** A wrong name, a wrong type, and a wrong place, in types of Kubernetes and of each operator. */
  @Test
  void aFieldThatIsNotOfItsTypeIsFound() {
    Map<String, String> damage =
        Map.of(
            "Deployment", "/spec/template/spec/containers/0/livenessProbe",
            "NetworkPolicy", "/spec",
            "Kafka", "/spec/kafka",
            "KafkaUser", "/spec/authorization",
            "ScaledObject", "/spec",
            "Milvus", "/spec/components/queryNode",
            "ServiceMonitor", "/spec/endpoints/0",
            "HTTPRoute", "/spec/rules/0");
    damage.forEach(
        (kind, place) -> {
          JsonNode manifest = cluster("production").copy().all(kind).findFirst().orElseThrow();
          assertThat(ResourceTypes.problem(manifest)).isEmpty();
          ((ObjectNode) manifest.at(place)).put("perodSeconds", 3);
          assertThat(ResourceTypes.problem(manifest))
              .as(kind)
              .get()
              .asString()
              .contains("perodSeconds");
        });
    ObjectNode deployment = cluster("production").copy().get("Deployment", "ingest");
    ((ObjectNode) deployment.path("spec")).put("minReadySeconds", "soon");
    assertThat(ResourceTypes.problem(deployment)).get().asString().contains("minReadySeconds");
  }

  /** What all overlays need, and what each is for. */
  @Test
  void theOverlaysHoldWhatTheyPromise() {
    assertThat(kinds("production"))
        .contains(
            "Kafka",
            "KafkaNodePool",
            "KafkaTopic",
            "KafkaUser",
            "Milvus",
            "ScaledObject",
            "Gateway",
            "HTTPRoute",
            "GRPCRoute",
            "ServiceMonitor",
            "PrometheusRule");
    assertThat(kinds("one-node"))
        .contains("Kafka")
        .doesNotContain("Milvus", "HorizontalPodAutoscaler");
    assertThat(
            cluster("gpu")
                .workloads()
                .filter(w -> Cluster.container(w).at("/resources/limits").has("nvidia.com/gpu"))
                .map(Cluster::name))
        .containsExactlyInAnyOrder("embed-bulk", "embed-online");
  }

  /** The users of the cluster may do what the test with three brokers shows to suffice, no more. */
  @Test
  void kafkaUsersMayWhatIsDocumented() {
    Set<String> documented =
        KafkaAcls.documented().stream()
            .map(
                acl ->
                    String.join(
                        " ",
                        "lookalike-" + acl.entry().principal().substring("User:".length()),
                        canonical(acl.pattern().resourceType().name()),
                        acl.pattern().name(),
                        canonical(acl.entry().operation().name())))
            .collect(Collectors.toSet());
    Set<String> granted = new HashSet<>();
    cluster("production").resources().stream()
        .filter(resource -> resource.path("kind").asText().equals("KafkaUser"))
        .forEach(
            user ->
                Cluster.elements(user.at("/spec/authorization/acls"))
                    .forEach(
                        acl -> {
                          assertThat(acl.at("/resource/patternType").asText()).isEqualTo("prefix");
                          Cluster.elements(acl.path("operations"))
                              .forEach(
                                  operation ->
                                      granted.add(
                                          String.join(
                                              " ",
                                              Cluster.name(user),
                                              canonical(acl.at("/resource/type").asText()),
                                              acl.at("/resource/name").asText(),
                                              canonical(operation.asText()))));
                        }));
    assertThat(granted).isEqualTo(documented);
  }

  private static String canonical(String word) {
    return word.replace("_", "").toLowerCase(Locale.ROOT);
  }

  /** The rules of alerts are one text in two wrappings. */
  @Test
  void alertsAreTheSameInComposeAndKubernetes() throws IOException {
    JsonNode compose = YAML.readTree(ROOT.resolve("containers/observability/alerts.yml").toFile());
    assertThat(cluster("production").get("PrometheusRule", "lookalike").at("/spec/groups"))
        .isEqualTo(compose.path("groups"));
  }

  /** Settings in docker-compose.yml are keys of their service, too. */
  @Test
  void composeNamesKnownSettings() throws IOException {
    JsonNode compose = YAML.readTree(ROOT.resolve("docker-compose.yml").toFile());
    Map<String, Set<String>> known = References.settings();
    JsonNode everyones = compose.path("x-environment");
    List<String> unknown = new ArrayList<>();
    compose
        .path("services")
        .properties()
        .forEach(
            service -> {
              Set<String> keys =
                  known.getOrDefault(service.getKey().replace("-gpu", "") + "-service", Set.of());
              JsonNode own = service.getValue().path("environment");
              Stream.concat(
                      own.propertyStream(),
                      own.has("<<") ? everyones.propertyStream() : Stream.empty())
                  .map(Map.Entry::getKey)
                  .filter(key -> key.startsWith("LOOKALIKE_") && !keys.contains(key))
                  .forEach(key -> unknown.add(service.getKey() + ": " + key));
            });
    assertThat(everyones).isNotEmpty();
    assertThat(unknown).isEmpty();
  }

  private static Cluster cluster(String overlay) {
    return Optional.ofNullable(OVERLAYS.get(overlay)).orElseThrow();
  }

  private static Set<String> kinds(String overlay) {
    return cluster(overlay).resources().stream()
        .map(each -> each.path("kind").asText())
        .collect(Collectors.toSet());
  }
}
