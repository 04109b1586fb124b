package dev.lookalike.system.kubernetes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A change to a resource of production that is already there, which the API server must refuse: by
 * its own types, by rules that are in no type, or by the definitions of operators.
 */
enum Refusal {
  UNKNOWN_FIELD(
      "Deployment",
      "/spec/template/spec/containers/0/livenessProbe",
      "perodSeconds",
      "3",
      "field not declared in schema"),
  WRONG_TYPE("Deployment", "/spec", "minReadySeconds", "'soon'", "minReadySeconds"),
  LABEL_SYNTAX(
      "Deployment",
      "/spec/template/metadata/labels",
      "app.kubernetes.io/part-of",
      "'look alike'",
      "a valid label must"),
  QUANTITY(
      "Deployment",
      "/spec/template/spec/containers/0/resources/requests",
      "memory",
      "'1 GB'",
      "quantities must match"),
  REQUEST_OVER_LIMIT(
      "Deployment",
      "/spec/template/spec/containers/0/resources/requests",
      "cpu",
      "'64'",
      "must be less than or equal to cpu limit"),
  IMMUTABLE_SELECTOR(
      "Deployment",
      "/spec/selector",
      "matchLabels",
      "{'app.kubernetes.io/part-of': 'lookalike'}",
      "field is immutable"),
  IMMUTABLE_SLOTS("StatefulSet", "/spec", "serviceName", "'other'", "field is immutable"),
  IMMUTABLE_CLAIM(
      "PersistentVolumeClaim",
      "/spec",
      "accessModes",
      "['ReadWriteOnce']",
      "spec is immutable after creation"),
  IMMUTABLE_PRIORITY("PriorityClass", "", "value", "7", "may not be changed"),
  LONG_NAME(
      "Service",
      "/metadata",
      "name",
      "'a-name-that-is-longer-than-the-sixty-three-characters-of-a-label'",
      "no more than 63"),
  PORT_TWICE("Service", "/spec/ports/1", "name", "'http'", "Duplicate value"),
  PORT_RANGE("Service", "/spec/ports/1", "port", "70000", "must be between 1 and 65535"),
  ADDRESS_RANGE(
      "NetworkPolicy",
      "/spec",
      "egress",
      "[{'to': [{'ipBlock': {'cidr': '10.0.0.0/33'}}]}]",
      "must be a valid CIDR value"),
  TWO_BUDGETS("PodDisruptionBudget", "/spec", "minAvailable", "1", "cannot be both set"),
  LEAST_OVER_MOST("HorizontalPodAutoscaler", "/spec", "minReplicas", "999", "minReplicas"),
  PATH_OF_ROUTE(
      "HTTPRoute",
      "/spec/rules/0/matches/0/path",
      "value",
      "'v1'",
      "must be an absolute path and start with '/'"),
  TIME_OF_ROUTE(
      "HTTPRoute", "/spec/rules/0/timeouts", "request", "'75 seconds'", "timeouts.request"),
  SERVICE_OF_ROUTE("GRPCRoute", "/spec/rules/0/matches/0/method", "service", "'/Search'", "method"),
  LISTENER_TWICE(
      "Gateway",
      "/spec/listeners/1",
      "hostname",
      "'upload.lookalike.example'",
      "Combination of port, protocol and hostname must be unique"),
  FALLBACK("ScaledObject", "/spec/fallback", "behavior", "'panic'", "Unsupported value"),
  KAFKA_PORT("Kafka", "/spec/kafka/listeners/0", "port", "80", "greater than or equal to 9092"),
  KAFKA_ROLES("KafkaNodePool", "/spec", "roles", "['leader']", "Unsupported value"),
  KAFKA_PARTITIONS("KafkaTopic", "/spec", "partitions", "0", "greater than or equal to 1"),
  KAFKA_LOGIN("KafkaUser", "/spec/authentication", "type", "'plain'", "Unsupported value"),
  SCRAPES("ServiceMonitor", "/spec/endpoints/0", "interval", "'soon'", "interval"),
  ALERT("PrometheusRule", "/spec/groups/0/rules/0", "for", "'a while'", "for");

  private static final ObjectMapper JSON = new ObjectMapper();

  final String kind;
  private final String place;
  private final String field;
  private final String value;

  /** Of the server's answer. */
  final String words;

  Refusal(String kind, String place, String field, String value, String words) {
    this.kind = kind;
    this.place = place;
    this.field = field;
    this.value = value.replace('\'', '"');
    this.words = words;
  }

  /** The first of its kind, changed. */
  ObjectNode of(Cluster cluster) throws JsonProcessingException {
    ObjectNode resource = cluster.copy().all(kind).findFirst().orElseThrow();
    ((ObjectNode) resource.at(place)).set(field, JSON.readTree(value));
    return resource;
  }
}
