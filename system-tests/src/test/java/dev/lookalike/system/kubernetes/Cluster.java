package dev.lookalike.system.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Everything that one overlay applies.
 *
 * @param resources shared with the caller, who may change them
 */
record Cluster(List<ObjectNode> resources) {

  Cluster copy() {
    return new Cluster(
        new java.util.ArrayList<>(resources.stream().map(ObjectNode::deepCopy).toList()));
  }

  Stream<ObjectNode> all(String kind) {
    return resources.stream().filter(each -> each.path("kind").asText().equals(kind));
  }

  /** What runs our images. */
  Stream<ObjectNode> workloads() {
    return Stream.concat(all("Deployment"), all("StatefulSet"));
  }

  boolean has(String kind, String namespace, String name) {
    return all(kind).anyMatch(each -> namespace(each).equals(namespace) && name(each).equals(name));
  }

  ObjectNode get(String kind, String name) {
    return all(kind)
        .filter(each -> name(each).equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + kind + " " + name));
  }

  static String name(JsonNode resource) {
    return resource.at("/metadata/name").asText();
  }

  static String namespace(JsonNode resource) {
    return resource.at("/metadata/namespace").asText();
  }

  static ObjectNode pod(JsonNode workload) {
    return (ObjectNode) workload.at("/spec/template/spec");
  }

  static Stream<ObjectNode> containers(JsonNode workload) {
    return Stream.of("containers", "initContainers")
        .flatMap(list -> elements(pod(workload).path(list)))
        .map(ObjectNode.class::cast);
  }

  static ObjectNode container(JsonNode workload) {
    return containers(workload).findFirst().orElseThrow();
  }

  static Stream<JsonNode> elements(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  /** Whether a selector without expressions admits the pods of a workload. */
  static boolean selects(JsonNode matchLabels, JsonNode workload) {
    JsonNode labels = workload.at("/spec/template/metadata/labels");
    for (Map.Entry<String, JsonNode> wanted : matchLabels.properties()) {
      if (!labels.path(wanted.getKey()).equals(wanted.getValue())) {
        return false;
      }
    }
    return !matchLabels.isEmpty();
  }

  /** "Deployment query: " */
  static String at(JsonNode resource) {
    return resource.path("kind").asText() + " " + name(resource) + ": ";
  }
}
