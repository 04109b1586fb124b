package dev.lookalike.system.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.engines.EngineOrder;
import dev.lookalike.system.kubernetes.ControlPlane.Answer;
import dev.lookalike.system.kubernetes.ControlPlane.Programs;
import io.strimzi.api.kafka.model.kafka.Kafka;
import io.strimzi.api.kafka.model.nodepool.KafkaNodePool;
import io.strimzi.api.kafka.model.topic.KafkaTopic;
import io.strimzi.api.kafka.model.user.KafkaUser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The overlays of k8s/, applied to a real API server that knows the resources of the operators;
 * without the Milvus, whose definition no registry has ({@link OperatorTypes} holds it). one-node
 * and production have a server each; gpu is asked of production's, which does not keep it.
 */
class KubernetesIT {
  private static final Path OVERLAYS = Path.of("../k8s/overlays");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What the operator of Strimzi brings. */
  private static final List<Class<?>> OF_STRIMZI =
      List.of(Kafka.class, KafkaNodePool.class, KafkaTopic.class, KafkaUser.class);

  private static final Map<String, Applied> APPLIED = new HashMap<>();
  private static final List<ControlPlane> STARTED = new ArrayList<>();

  @TempDir private static Path directory;
  private static Programs programs;

  /**
   * An overlay, applied.
   *
   * @param folder a kustomization of the overlay without the Milvus
   * @param cluster what that holds
   */
  private record Applied(ControlPlane controlPlane, Path folder, Cluster cluster) {}

  @BeforeAll
  static void findPrograms() throws IOException, InterruptedException {
    programs =
        EngineOrder.take("API server of Kubernetes", Programs.find(), EngineOrder.required());
    defineStrimzi();
  }

  @AfterAll
  static void end() {
    STARTED.forEach(ControlPlane::close);
  }

  /** That nothing was refused or warned of at first is in {@link #applied}. */
  @ParameterizedTest
  @ValueSource(strings = {"one-node", "production"})
  void nothingChangesWhenAnOverlayIsAppliedAgain(String overlay) throws Exception {
    Applied applied = applied(overlay);
    Map<String, JsonNode> kept = kept(applied);
    assertThat(kept).hasSameSizeAs(applied.cluster.resources());
    apply(applied.controlPlane, applied.folder);
    assertThat(kept(applied)).isEqualTo(kept);
  }

  /** Only a pod is held to the Pod Security standard, to priorities and to service accounts. */
  @ParameterizedTest
  @ValueSource(strings = {"one-node", "production", "gpu"})
  void everyPodIsTakenAndNoneThatIsPrivileged(String overlay) throws Exception {
    Applied applied = applied(overlay);
    List<ObjectNode> pods = applied.cluster.workloads().map(KubernetesIT::pod).toList();
    assertThat(pods).isNotEmpty();
    for (ObjectNode pod : pods) {
      assertThat(taken(kubectl(applied, pod, "create", "--dry-run=server", "--validate=strict")))
          .hasSize(1)
          .allMatch(line -> line.contains(" created"));
      ObjectNode privileged = pod.deepCopy();
      ((ObjectNode) privileged.path("metadata")).put("name", "privileged");
      ((ObjectNode) privileged.at("/spec/containers/0"))
          .putObject("securityContext")
          .put("privileged", true);
      Answer answer =
          kubectl(applied, privileged, "create", "--dry-run=server", "--validate=strict");
      assertThat(answer.code()).isNotZero();
      assertThat(answer.err()).contains("violates PodSecurity \"restricted:latest\": privileged");
    }
  }

  /** Nothing that is there stands in the way. */
  @Test
  void productionMayMoveToGpus() throws Exception {
    Applied gpus = applied("gpu");
    ControlPlane production = gpus.controlPlane;
    String gpu = gpus.folder.toString();
    Map<String, JsonNode> before = specs(production.kubectl("get", "-o", "json", "-k", gpu));
    Map<String, JsonNode> after =
        specs(
            production.kubectl(
                "apply",
                "--server-side",
                "--dry-run=server",
                "--validate=strict",
                "-o",
                "json",
                "-k",
                gpu));
    assertThat(after).hasSameSizeAs(gpus.cluster.resources());
    assertThat(after.entrySet())
        .filteredOn(each -> !each.getValue().equals(before.get(each.getKey())))
        .extracting(Map.Entry::getKey)
        .containsExactlyInAnyOrder(
            "Deployment embed-online: ",
            "HorizontalPodAutoscaler embed-online: ",
            "ScaledObject embed-bulk: ",
            "StatefulSet embed-bulk: ");
  }

  /** The checks above can fail: a workload that is worse than its namespace wants is warned of. */
  @Test
  void aPrivilegedWorkloadIsWarnedOf() throws Exception {
    Applied applied = applied("production");
    ObjectNode workload = applied.cluster.copy().get("Deployment", "ingest");
    Cluster.container(workload).putObject("securityContext").put("privileged", true);
    Answer answer =
        kubectl(
            applied, workload, "apply", "--server-side", "--dry-run=server", "--validate=strict");
    assertThat(answer.code()).isZero();
    assertThat(answer.err()).startsWith("Warning: would violate PodSecurity");
  }

  @ParameterizedTest
  @EnumSource
  void whatIsWrongIsRefused(Refusal refusal) throws Exception {
    Applied applied = applied("production");
    Answer answer =
        kubectl(
            applied,
            refusal.of(applied.cluster),
            "apply",
            "--server-side",
            "--dry-run=server",
            "--validate=strict");
    assertThat(answer.code()).as(answer.out()).isNotZero();
    assertThat(answer.err()).contains(refusal.words);
  }

  /** On a control plane of its own: the overlays share names and differ in what is immutable. */
  private static Applied applied(String overlay) throws IOException, InterruptedException {
    Applied known = APPLIED.get(overlay);
    if (known != null) {
      return known;
    }
    boolean isOfProduction = overlay.equals("gpu");
    ControlPlane controlPlane =
        isOfProduction ? applied("production").controlPlane : start(overlay);
    Path folder = withoutMilvus(overlay);
    Kustomize kustomize = Kustomize.find().orElseThrow();
    Applied applied = new Applied(controlPlane, folder, new Cluster(kustomize.render(folder)));
    assertThat(kustomize.render(OVERLAYS.resolve(overlay)))
        .filteredOn(each -> !each.path("kind").asText().equals("Milvus"))
        .isEqualTo(applied.cluster.resources());
    if (isOfProduction) {
      APPLIED.put(overlay, applied);
      return applied;
    }
    for (Path definitions : List.of(programs.definitions(), directory.resolve("strimzi"))) {
      taken(controlPlane.kubectl("create", "--validate=strict", "-f", definitions.toString()));
    }
    taken(
        controlPlane.kubectl(
            "wait", "--for=condition=Established", "--timeout=60s", "--all", "crd"));
    apply(controlPlane, folder);
    assertThat(kept(applied)).hasSameSizeAs(applied.cluster.resources());
    APPLIED.put(overlay, applied);
    return applied;
  }

  private static ControlPlane start(String overlay) throws IOException, InterruptedException {
    // Fails at once where it was refused before.
    ControlPlane controlPlane =
        ControlPlane.start(programs, Files.createDirectory(directory.resolve(overlay)));
    STARTED.add(controlPlane);
    return controlPlane;
  }

  /** As README.md says it, and stricter. */
  private static void apply(ControlPlane controlPlane, Path folder)
      throws IOException, InterruptedException {
    List<String> taken =
        taken(
            controlPlane.kubectl(
                "apply", "--server-side", "--validate=strict", "-k", folder.toString()));
    assertThat(taken).allMatch(line -> line.endsWith(" serverside-applied"));
  }

  /** A kustomization of one's own, as README.md has it. */
  private static Path withoutMilvus(String overlay) throws IOException {
    Path folder = Files.createDirectory(directory.resolve(overlay + "-without-milvus"));
    Path base = folder.toRealPath().relativize(OVERLAYS.resolve(overlay).toRealPath());
    Files.writeString(
        folder.resolve("kustomization.yaml"),
        """
        resources: [%s]
        patches:
          - target: {kind: Milvus}
            patch: |-
              apiVersion: milvus.io/v1beta1
              kind: Milvus
              metadata:
                name: any
              $patch: delete
        """
            .formatted(base));
    return folder;
  }

  /** In a JVM of its own, since the generator is a command that exits. */
  private static void defineStrimzi() throws IOException, InterruptedException {
    Path folder = Files.createDirectory(directory.resolve("strimzi"));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.strimzi.crdgenerator.CrdGenerator"));
    OF_STRIMZI.forEach(
        type -> command.add(type.getName() + "=" + folder.resolve(type.getSimpleName() + ".json")));
    Path log = directory.resolve("strimzi.log");
    Process generator =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(generator.waitFor()).as(Files.readString(log)).isZero();
  }

  /** As a controller makes it of a workload. */
  private static ObjectNode pod(ObjectNode workload) {
    ObjectNode pod = ((ObjectNode) workload.at("/spec/template")).deepCopy();
    pod.put("apiVersion", "v1").put("kind", "Pod");
    ((ObjectNode) pod.path("metadata"))
        .put("name", Cluster.name(workload))
        .put("namespace", Cluster.namespace(workload));
    Cluster.elements(workload.at("/spec/volumeClaimTemplates"))
        .map(Cluster::name)
        .forEach(
            claim ->
                ((ObjectNode) pod.path("spec"))
                    .withArray("volumes")
                    .addObject()
                    .put("name", claim)
                    .putObject("persistentVolumeClaim")
                    .put("claimName", claim + "-" + Cluster.name(workload)));
    return pod;
  }

  private static Answer kubectl(Applied applied, JsonNode resource, String... arguments)
      throws IOException, InterruptedException {
    Path file = Files.createTempFile(directory, "resource", ".json");
    JSON.writeValue(file.toFile(), resource);
    return applied.controlPlane.kubectl(
        Stream.concat(Stream.of(arguments), Stream.of("-f", file.toString()))
            .toArray(String[]::new));
  }

  /** What kubectl said of each resource, where the server refused none and warned of none. */
  private static List<String> taken(Answer answer) {
    assertThat(answer.err()).isEmpty();
    assertThat(answer.code()).as(answer.out()).isZero();
    return answer.lines();
  }

  /**
   * Each resource as it is kept, with the generation that moves when what is asked changes. Without
   * the version: for a claim and a Gateway that moves with every apply, and nothing else does.
   */
  private static Map<String, JsonNode> kept(Applied applied)
      throws IOException, InterruptedException {
    String folder = applied.folder.toString();
    return each(
        applied.controlPlane.kubectl("get", "-o", "json", "-k", folder),
        resource -> {
          ObjectNode kept = ((ObjectNode) resource).deepCopy();
          ((ObjectNode) kept.path("metadata")).remove("resourceVersion");
          return kept;
        });
  }

  /** What is asked of each resource. */
  private static Map<String, JsonNode> specs(Answer answer) throws IOException {
    return each(
        answer,
        resource -> {
          ObjectNode spec = ((ObjectNode) resource).deepCopy();
          spec.remove(List.of("metadata", "status"));
          return spec;
        });
  }

  /** Something of each resource in a list. */
  private static <T> Map<String, T> each(Answer answer, Function<JsonNode, T> what)
      throws IOException {
    taken(answer);
    Map<String, T> found = new TreeMap<>();
    Cluster.elements(JSON.readTree(answer.out()).path("items"))
        .forEach(
            resource -> assertThat(found.put(Cluster.at(resource), what.apply(resource))).isNull());
    return found;
  }
}
