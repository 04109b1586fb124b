package dev.lookalike.system.kubernetes;

import static dev.lookalike.system.kubernetes.Cluster.at;
import static dev.lookalike.system.kubernetes.Cluster.containers;
import static dev.lookalike.system.kubernetes.Cluster.elements;
import static dev.lookalike.system.kubernetes.Cluster.name;
import static dev.lookalike.system.kubernetes.Cluster.namespace;
import static dev.lookalike.system.kubernetes.Cluster.pod;
import static dev.lookalike.system.kubernetes.Cluster.selects;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a manifest names, and whether it is there. */
final class References {
  private static final Pattern KEY = Pattern.compile("^\\| `(lookalike\\.[^`]*)` \\|");

  private References() {}

  /** Name of the settings that all services read, with the hash of what it holds. */
  static String settingsName(Cluster cluster) {
    return cluster
        .all("ConfigMap")
        .map(Cluster::name)
        .filter(n -> n.startsWith("lookalike-settings"))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no settings"));
  }

  static Stream<String> dangling(Cluster cluster) {
    List<String> found = new ArrayList<>();
    cluster
        .workloads()
        .forEach(
            w -> {
              Set<String> configMaps = new HashSet<>();
              Set<String> volumes = new HashSet<>();
              containers(w)
                  .forEach(
                      c -> {
                        elements(c.path("envFrom"))
                            .map(e -> e.at("/configMapRef/name").asText())
                            .forEach(configMaps::add);
                        Set<String> declared =
                            elements(pod(w).path("volumes"))
                                .map(v -> v.path("name").asText())
                                .collect(Collectors.toSet());
                        elements(w.at("/spec/volumeClaimTemplates"))
                            .map(Cluster::name)
                            .forEach(declared::add);
                        elements(c.path("volumeMounts"))
                            .map(m -> m.path("name").asText())
                            .filter(m -> !declared.contains(m))
                            .forEach(volumes::add);
                      });
              elements(pod(w).path("volumes"))
                  .forEach(
                      v -> {
                        if (v.has("configMap")) {
                          configMaps.add(v.at("/configMap/name").asText());
                        }
                        if (v.has("persistentVolumeClaim")
                            && !cluster.has(
                                "PersistentVolumeClaim",
                                namespace(w),
                                v.at("/persistentVolumeClaim/claimName").asText())) {
                          found.add(at(w) + "no claim of volume " + v.path("name").asText());
                        }
                      });
              configMaps.stream()
                  .filter(c -> !cluster.has("ConfigMap", namespace(w), c))
                  .forEach(c -> found.add(at(w) + "no ConfigMap " + c));
              volumes.forEach(v -> found.add(at(w) + "no volume " + v));
              if (!selects(w.at("/spec/selector/matchLabels"), w)) {
                found.add(at(w) + "does not select its own pods");
              }
              if (w.path("spec").has("serviceName")
                  && !cluster.has("Service", namespace(w), w.at("/spec/serviceName").asText())) {
                found.add(at(w) + "no Service " + w.at("/spec/serviceName").asText());
              }
            });
    cluster
        .all("Service")
        .filter(s -> cluster.workloads().noneMatch(w -> selects(s.at("/spec/selector"), w)))
        .forEach(s -> found.add(at(s) + "selects no pod"));
    Stream.concat(cluster.all("HorizontalPodAutoscaler"), cluster.all("ScaledObject"))
        .filter(
            s ->
                !cluster.has(
                    s.at("/spec/scaleTargetRef/kind").asText(),
                    namespace(s),
                    s.at("/spec/scaleTargetRef/name").asText()))
        .forEach(s -> found.add(at(s) + "scales nothing"));
    Stream.concat(cluster.all("HTTPRoute"), cluster.all("GRPCRoute"))
        .forEach(route -> found.addAll(routes(cluster, route)));
    return found.stream();
  }

  private static List<String> routes(Cluster cluster, JsonNode route) {
    List<String> found = new ArrayList<>();
    elements(route.at("/spec/rules"))
        .flatMap(rule -> elements(rule.path("backendRefs")))
        .forEach(
            ref -> {
              boolean there =
                  cluster
                      .all("Service")
                      .filter(s -> name(s).equals(ref.path("name").asText()))
                      .flatMap(s -> elements(s.at("/spec/ports")))
                      .anyMatch(p -> p.path("port").equals(ref.path("port")));
              if (!there) {
                found.add(at(route) + "no Service with the port of " + ref);
              }
            });
    elements(route.at("/spec/parentRefs"))
        .filter(
            ref ->
                cluster
                    .all("Gateway")
                    .filter(g -> name(g).equals(ref.path("name").asText()))
                    .flatMap(g -> elements(g.at("/spec/listeners")))
                    .noneMatch(
                        l ->
                            l.path("name").equals(ref.path("sectionName"))
                                && l.path("hostname").equals(route.at("/spec/hostnames/0"))))
        .forEach(ref -> found.add(at(route) + "no listener as in " + ref));
    return found;
  }

  /** Environment variables of ours that stand for no key of docs/configuration.md. */
  static Stream<String> unknownSettings(Cluster cluster) {
    Map<String, Set<String>> known = settings();
    Set<String> anyones = known.values().stream().flatMap(Set::stream).collect(Collectors.toSet());
    Stream<String> shared =
        cluster
            .get("ConfigMap", settingsName(cluster))
            .path("data")
            .propertyStream()
            .map(Map.Entry::getKey)
            .filter(key -> isOurs(key) && !anyones.contains(key))
            .map(key -> "settings: " + key + " is a key of no service");
    Stream<String> own =
        cluster
            .workloads()
            .flatMap(
                w ->
                    containers(w)
                        .flatMap(
                            c ->
                                elements(c.path("env"))
                                    .map(e -> e.path("name").asText())
                                    .filter(References::isOurs)
                                    .filter(key -> !known(known, c, key))
                                    .map(key -> at(w) + key + " is no key of its service")));
    return Stream.concat(shared, own);
  }

  private static boolean isOurs(String key) {
    return key.startsWith("LOOKALIKE_");
  }

  private static boolean known(Map<String, Set<String>> known, JsonNode container, String key) {
    Matcher image =
        Pattern.compile(".*/((?:ingest|embed|query)-service).*")
            .matcher(container.path("image").asText());
    return image.matches() && known.getOrDefault(image.group(1), Set.of()).contains(key);
  }

  /** Names of the variables of each service. */
  static Map<String, Set<String>> settings() {
    Map<String, Set<String>> settings = new HashMap<>();
    try {
      String service = "";
      for (String line : Files.readAllLines(Path.of("../docs/configuration.md"))) {
        if (line.startsWith("## ")) {
          service = line.substring(3).strip();
        }
        Matcher key = KEY.matcher(line);
        if (key.find()) {
          settings
              .computeIfAbsent(service, s -> new HashSet<>())
              .add(key.group(1).toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_"));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return settings;
  }
}
