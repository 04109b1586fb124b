package dev.lookalike.system.kubernetes;

import static dev.lookalike.system.kubernetes.Cluster.at;
import static dev.lookalike.system.kubernetes.Cluster.container;
import static dev.lookalike.system.kubernetes.Cluster.containers;
import static dev.lookalike.system.kubernetes.Cluster.elements;
import static dev.lookalike.system.kubernetes.Cluster.namespace;
import static dev.lookalike.system.kubernetes.Cluster.pod;
import static dev.lookalike.system.kubernetes.Cluster.selects;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What every overlay keeps to. Each rule comes with the damage that it must find, so that a rule
 * that sees nothing is itself found out.
 */
enum Policy {
  /** What runs away takes only itself down; memory is not overcommitted. */
  LIMITS(
      cluster ->
          eachContainer(
              cluster,
              c ->
                  isText(c, "/resources/requests/cpu")
                      && isText(c, "/resources/limits/cpu")
                      && isText(c, "/resources/limits/ephemeral-storage")
                      && isText(c, "/resources/limits/memory")
                      && c.at("/resources/limits/memory")
                          .equals(c.at("/resources/requests/memory")),
              "needs limits of cpu, memory and storage, and as much memory requested"),
      cluster ->
          object(container(cluster.get("Deployment", "ingest")), "/resources/limits")
              .remove("memory")),

  PROBES(
      cluster ->
          eachContainer(
              cluster,
              c -> c.has("startupProbe") && c.has("readinessProbe") && c.has("livenessProbe"),
              "needs the three probes"),
      cluster -> container(cluster.get("StatefulSet", "embed-bulk")).remove("readinessProbe")),

  /** Pod Security `restricted`, and no writing to the image. */
  SECURITY_CONTEXT(
      cluster ->
          Stream.concat(
              cluster
                  .workloads()
                  .filter(
                      w ->
                          !pod(w).at("/securityContext/runAsNonRoot").asBoolean()
                              || !pod(w)
                                  .at("/securityContext/seccompProfile/type")
                                  .asText()
                                  .equals("RuntimeDefault")
                              || pod(w).path("hostNetwork").asBoolean()
                              || pod(w).path("hostPID").asBoolean()
                              || elements(pod(w).path("volumes")).anyMatch(v -> v.has("hostPath")))
                  .map(w -> at(w) + "the pod does not keep the restricted profile"),
              eachContainer(
                  cluster,
                  c ->
                      c.at("/securityContext/readOnlyRootFilesystem").asBoolean()
                          && !c.at("/securityContext/allowPrivilegeEscalation").asBoolean(true)
                          && !c.at("/securityContext/privileged").asBoolean()
                          && c.at("/securityContext/capabilities/drop")
                              .toString()
                              .equals("[\"ALL\"]")
                          && !c.at("/securityContext/capabilities").has("add"),
                  "does not keep the restricted profile")),
      cluster ->
          object(container(cluster.get("Deployment", "ingest")), "/securityContext")
              .put("readOnlyRootFilesystem", false)),

  RESTRICTED_NAMESPACE(
      cluster ->
          cluster
              .workloads()
              .filter(
                  w ->
                      cluster
                          .all("Namespace")
                          .filter(n -> Cluster.name(n).equals(namespace(w)))
                          .noneMatch(
                              n ->
                                  n.at("/metadata/labels/pod-security.kubernetes.io~1enforce")
                                      .asText()
                                      .equals("restricted")))
              .map(w -> at(w) + "its namespace does not enforce the restricted profile"),
      cluster ->
          object(cluster.get("Namespace", "lookalike"), "/metadata/labels")
              .put("pod-security.kubernetes.io/enforce", "baseline")),

  /** What runs today is what runs after a node was lost tomorrow. */
  PINNED_IMAGES(
      cluster ->
          Stream.concat(
                  cluster
                      .workloads()
                      .flatMap(w -> containers(w).map(c -> c.path("image").asText())),
                  cluster.all("Milvus").map(m -> m.at("/spec/components/image").asText()))
              .filter(image -> !image.matches(".+:(?!latest$)[\\w.-]+|.+@sha256:[0-9a-f]{64}"))
              .map(image -> "image " + image + " names no version"),
      cluster ->
          container(cluster.get("Deployment", "embed-online"))
              .put("image", "lookalike/embed-service:latest")),

  NO_TOKENS(
      cluster ->
          Stream.concat(
              cluster
                  .workloads()
                  .filter(
                      w ->
                          pod(w).path("automountServiceAccountToken").asBoolean(true)
                              || !cluster.has(
                                  "ServiceAccount",
                                  namespace(w),
                                  pod(w).path("serviceAccountName").asText()))
                  .map(w -> at(w) + "needs a service account of its own, without a token"),
              cluster
                  .all("ServiceAccount")
                  .filter(a -> a.path("automountServiceAccountToken").asBoolean(true))
                  .map(a -> at(a) + "mounts its token")),
      cluster -> pod(cluster.get("Deployment", "ingest")).remove("automountServiceAccountToken")),

  DEFAULT_DENY(
      cluster ->
          cluster
              .workloads()
              .map(Cluster::namespace)
              .distinct()
              .filter(
                  ns ->
                      cluster
                          .all("NetworkPolicy")
                          .noneMatch(
                              p ->
                                  namespace(p).equals(ns)
                                      && p.at("/spec/podSelector").isEmpty()
                                      && p.at("/spec/policyTypes").size() == 2
                                      && !p.path("spec").has("ingress")
                                      && !p.path("spec").has("egress")))
              .map(ns -> "namespace " + ns + " has no policy that denies everything"),
      cluster ->
          ((com.fasterxml.jackson.databind.node.ArrayNode)
                  cluster.get("NetworkPolicy", "default-deny").at("/spec/policyTypes"))
              .remove(1)),

  /** An allowance for everybody would undo the denial. */
  NO_OPEN_DOOR(
      cluster ->
          cluster
              .all("NetworkPolicy")
              .filter(
                  p ->
                      elements(p.at("/spec/ingress"))
                          .anyMatch(rule -> rule.path("from").isEmpty() || isOpen(rule, "from")))
              .map(p -> at(p) + "lets everybody in"),
      cluster -> object(cluster.get("NetworkPolicy", "query"), "/spec/ingress/0").remove("from")),

  DISRUPTION_BUDGETS(
      cluster ->
          cluster
              .workloads()
              .filter(
                  w ->
                      cluster
                              .all("PodDisruptionBudget")
                              .filter(b -> namespace(b).equals(namespace(w)))
                              .filter(b -> selects(b.at("/spec/selector/matchLabels"), w))
                              .filter(b -> b.path("spec").has("maxUnavailable"))
                              .filter(b -> !b.at("/spec/maxUnavailable").asText().matches("0%?"))
                              .count()
                          != 1)
              .map(w -> at(w) + "needs one disruption budget that allows something"),
      cluster ->
          object(cluster.get("PodDisruptionBudget", "query"), "/spec").put("maxUnavailable", 0)),

  SPREAD(
      cluster ->
          cluster
              .workloads()
              .filter(
                  w ->
                      !elements(pod(w).path("topologySpreadConstraints"))
                          .filter(c -> selects(c.at("/labelSelector/matchLabels"), w))
                          .map(c -> c.path("topologyKey").asText())
                          .collect(Collectors.toSet())
                          .containsAll(
                              Set.of("topology.kubernetes.io/zone", "kubernetes.io/hostname")))
              .map(w -> at(w) + "is not spread over zones and nodes"),
      cluster ->
          pod(cluster.get("Deployment", "embed-online")).remove("topologySpreadConstraints")),

  /** Answers before uploads before the bulk. */
  PRIORITIES(
      cluster ->
          Stream.concat(
              cluster
                  .workloads()
                  .filter(w -> priority(cluster, w).isEmpty())
                  .map(w -> at(w) + "has no priority"),
              cluster
                  .workloads()
                  .filter(w -> Set.of("embed-bulk", "query-sink").contains(Cluster.name(w)))
                  .filter(
                      w ->
                          cluster
                              .workloads()
                              .filter(
                                  o ->
                                      Set.of("query", "embed-online", "ingest")
                                          .contains(Cluster.name(o)))
                              .anyMatch(
                                  o ->
                                      priority(cluster, o).orElse(0)
                                          <= priority(cluster, w).orElse(0)))
                  .map(w -> at(w) + "is not below those that answer")),
      cluster -> cluster.get("PriorityClass", "lookalike-bulk").put("value", 100_000)),

  /** Behind a virtual address one connection of gRPC stays with one pod. */
  HEADLESS_GRPC(
      cluster ->
          cluster
              .all("Service")
              .filter(
                  s ->
                      elements(s.at("/spec/ports"))
                              .anyMatch(p -> p.path("name").asText().equals("grpc"))
                          && !s.at("/spec/clusterIP").asText().equals("None"))
              .map(s -> at(s) + "has gRPC and is not headless"),
      cluster -> object(cluster.get("Service", "embed-online"), "/spec").remove("clusterIP")),

  /** Longer than quarkus.shutdown.timeout and the drain of a pipeline together. */
  GRACE(
      cluster ->
          cluster
              .workloads()
              .filter(w -> pod(w).path("terminationGracePeriodSeconds").asInt() < 40)
              .map(w -> at(w) + "is killed before it has drained"),
      cluster -> pod(cluster.get("Deployment", "ingest")).put("terminationGracePeriodSeconds", 5)),

  /** A partition has one reader; and searches with images never hang on one pod. */
  SCALING(
      cluster ->
          Stream.concat(
              cluster
                  .all("ScaledObject")
                  .filter(o -> o.at("/spec/maxReplicaCount").asInt() > partitions(cluster))
                  .map(
                      o ->
                          at(o) + "more instances than the " + partitions(cluster) + " partitions"),
              cluster
                  .all("HorizontalPodAutoscaler")
                  .filter(o -> o.at("/spec/minReplicas").asInt() < 2)
                  .map(o -> at(o) + "below two")),
      cluster ->
          object(cluster.get("ScaledObject", "embed-bulk"), "/spec").put("maxReplicaCount", 200)),

  /** A stable name is a slot of the consumer groups and the transactions. */
  STABLE_SLOTS(
      cluster ->
          cluster
              .workloads()
              .filter(w -> Cluster.name(w).equals("embed-bulk"))
              .filter(
                  w ->
                      !w.path("kind").asText().equals("StatefulSet")
                          || !env(container(w), "LOOKALIKE_SLOT")
                              .map(e -> e.at("/valueFrom/fieldRef/fieldPath").asText())
                              .equals(Optional.of("metadata.name")))
              .map(w -> at(w) + "has no slot of its own"),
      cluster ->
          env(container(cluster.get("StatefulSet", "embed-bulk")), "LOOKALIKE_SLOT")
              .ifPresent(e -> ((ObjectNode) e).put("value", "0").remove("valueFrom"))),

  /** Who asks for a GPU gets one, on a node that has one, and says so when it does not work. */
  GPUS(
      cluster ->
          cluster
              .workloads()
              .filter(w -> container(w).at("/resources/limits").has("nvidia.com/gpu"))
              .filter(
                  w ->
                      pod(w).path("nodeSelector").isEmpty()
                          || elements(pod(w).path("tolerations"))
                              .noneMatch(t -> t.path("key").asText().equals("nvidia.com/gpu"))
                          || !env(container(w), "LOOKALIKE_DEVICE")
                              .map(e -> e.path("value").asText())
                              .equals(Optional.of("require"))
                          || !container(w).path("image").asText().contains("-cuda:"))
              .map(w -> at(w) + "would run elsewhere than on a GPU"),
      cluster -> {
        ObjectNode embed = cluster.get("StatefulSet", "embed-bulk");
        pod(embed).remove("tolerations");
        object(container(embed), "/resources/limits").put("nvidia.com/gpu", "1");
      }),

  /** The broker lets nobody in without the password of one of its users. */
  BROKER_CREDENTIALS(
      cluster ->
          cluster
              .workloads()
              .filter(
                  w ->
                      !cluster.has(
                          "KafkaUser",
                          namespace(w),
                          env(container(w), "KAFKA_JAAS_CONFIG")
                              .map(e -> e.at("/valueFrom/secretKeyRef/name").asText())
                              .orElse("")))
              .map(w -> at(w) + "has no credentials for the broker"),
      cluster -> container(cluster.get("Deployment", "query")).remove("env")),

  /** Every request needs a key: nobody gets in because a setting was forgotten. */
  ACCESS_KEYS(
      cluster -> {
        JsonNode settings = cluster.get("ConfigMap", References.settingsName(cluster)).path("data");
        return Stream.of("LOOKALIKE_ACCESS_KEYS_FILE", "LOOKALIKE_ACCESS_SERVICE_KEY_FILE")
            .flatMap(
                key ->
                    settings.path(key).asText().isEmpty()
                        ? Stream.of("settings: " + key + " is missing")
                        : cluster
                            .workloads()
                            .filter(
                                w ->
                                    elements(container(w).path("volumeMounts"))
                                        .map(m -> m.path("mountPath").asText() + "/")
                                        .noneMatch(settings.path(key).asText()::startsWith))
                            .map(w -> at(w) + "has no file for " + key));
      },
      cluster -> container(cluster.get("Deployment", "query")).remove("volumeMounts")),

  /** Names that nothing has. */
  REFERENCES(
      References::dangling,
      cluster ->
          object(cluster.get("Service", "query"), "/spec/selector")
              .put("app.kubernetes.io/name", "search")),

  /** A service refuses to start with a setting that it does not know; here it is seen before. */
  SETTINGS(
      References::unknownSettings,
      cluster ->
          env(container(cluster.get("StatefulSet", "embed-bulk")), "LOOKALIKE_SLOT")
              .ifPresent(e -> ((ObjectNode) e).put("name", "LOOKALIKE_SLOTS"))),

  NO_SECRETS(
      cluster -> cluster.all("Secret").map(s -> at(s) + "does not belong into the repository"),
      cluster -> cluster.get("ConfigMap", References.settingsName(cluster)).put("kind", "Secret"));

  private final Function<Cluster, Stream<String>> violations;
  private final Consumer<Cluster> damage;

  Policy(Function<Cluster, Stream<String>> violations, Consumer<Cluster> damage) {
    this.violations = violations;
    this.damage = damage;
  }

  List<String> violations(Cluster cluster) {
    return violations.apply(cluster).map(text -> name() + ": " + text).toList();
  }

  /** Breaks the rule in a cluster with everything of the overlay production. */
  void breakIn(Cluster cluster) {
    damage.accept(cluster);
  }

  private static Stream<String> eachContainer(
      Cluster cluster, java.util.function.Predicate<ObjectNode> good, String words) {
    return cluster
        .workloads()
        .flatMap(
            w ->
                containers(w)
                    .filter(good.negate())
                    .map(c -> at(w) + "container " + c.path("name").asText() + " " + words));
  }

  private static boolean isText(JsonNode node, String path) {
    return !node.at(path).asText().isEmpty();
  }

  private static boolean isOpen(JsonNode rule, String side) {
    return elements(rule.path(side))
        .anyMatch(
            peer ->
                peer.isEmpty()
                    || peer.path("namespaceSelector").isObject()
                        && peer.path("namespaceSelector").isEmpty());
  }

  static ObjectNode object(JsonNode node, String path) {
    return (ObjectNode) node.at(path);
  }

  static Optional<JsonNode> env(JsonNode container, String name) {
    return elements(container.path("env"))
        .filter(e -> e.path("name").asText().equals(name))
        .findFirst();
  }

  private static Optional<Integer> priority(Cluster cluster, JsonNode workload) {
    String wanted = pod(workload).path("priorityClassName").asText();
    return cluster
        .all("PriorityClass")
        .filter(c -> Cluster.name(c).equals(wanted))
        .map(c -> c.path("value").asInt())
        .findFirst();
  }

  private static int partitions(Cluster cluster) {
    return cluster
        .get("ConfigMap", References.settingsName(cluster))
        .at("/data/LOOKALIKE_COLLECTIONS_PARTITIONS")
        .asInt();
  }
}
