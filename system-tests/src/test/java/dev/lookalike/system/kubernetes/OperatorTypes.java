package dev.lookalike.system.kubernetes;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Resources of operators that have no types in Maven: the fields that we use, as their CRDs define
 * them, and no others. KEDA 2.18 (keda.sh/v1alpha1) and the Milvus operator 1.3
 * (milvus.io/v1beta1).
 */
final class OperatorTypes {
  private OperatorTypes() {}

  record Metadata(
      @JsonProperty(required = true) String name,
      @JsonProperty(required = true) String namespace,
      @Nullable Map<String, String> labels) {}

  record ScaledObject(
      @JsonProperty(required = true) String apiVersion,
      @JsonProperty(required = true) String kind,
      @JsonProperty(required = true) Metadata metadata,
      @JsonProperty(required = true) ScaledObjectSpec spec) {}

  record ScaledObjectSpec(
      @JsonProperty(required = true) ScaleTarget scaleTargetRef,
      @JsonProperty(required = true) int minReplicaCount,
      @JsonProperty(required = true) int maxReplicaCount,
      int pollingInterval,
      int cooldownPeriod,
      @Nullable Fallback fallback,
      @Nullable Advanced advanced,
      @JsonProperty(required = true) List<Trigger> triggers) {}

  record ScaleTarget(
      @JsonProperty(required = true) String apiVersion,
      @JsonProperty(required = true) String kind,
      @JsonProperty(required = true) String name) {}

  record Fallback(int failureThreshold, int replicas) {}

  record Advanced(HorizontalPodAutoscalerConfig horizontalPodAutoscalerConfig) {}

  record HorizontalPodAutoscalerConfig(Behavior behavior) {}

  record Behavior(@Nullable Scaling scaleUp, @Nullable Scaling scaleDown) {}

  record Scaling(int stabilizationWindowSeconds, @Nullable List<ScalingPolicy> policies) {}

  record ScalingPolicy(String type, int value, int periodSeconds) {}

  /** Of the scaler {@code prometheus}: other scalers have other metadata. */
  record Trigger(
      @JsonProperty(required = true) String type,
      String metricType,
      @JsonProperty(required = true) PrometheusTrigger metadata) {}

  record PrometheusTrigger(
      @JsonProperty(required = true) String serverAddress,
      @JsonProperty(required = true) String query,
      @JsonProperty(required = true) String threshold) {}

  record Milvus(
      @JsonProperty(required = true) String apiVersion,
      @JsonProperty(required = true) String kind,
      @JsonProperty(required = true) Metadata metadata,
      @JsonProperty(required = true) MilvusSpec spec) {}

  /**
   * @param config of Milvus itself, milvus.yaml: free
   */
  record MilvusSpec(
      @JsonProperty(required = true) String mode,
      JsonNode config,
      @JsonProperty(required = true) MilvusComponents components,
      @JsonProperty(required = true) MilvusDependencies dependencies) {}

  record MilvusComponents(
      @JsonProperty(required = true) String image,
      boolean enableRollingUpdate,
      String imageUpdateMode,
      MilvusComponent mixCoord,
      MilvusComponent proxy,
      MilvusComponent streamingNode,
      MilvusComponent queryNode,
      MilvusComponent dataNode) {}

  record MilvusComponent(
      @JsonProperty(required = true) int replicas,
      @JsonProperty(required = true) MilvusResources resources) {}

  record MilvusResources(
      @JsonProperty(required = true) Amounts requests,
      @JsonProperty(required = true) Amounts limits) {}

  record Amounts(
      @JsonProperty(required = true) String cpu, @JsonProperty(required = true) String memory) {}

  record MilvusDependencies(
      String msgStreamType,
      @JsonProperty(required = true) MilvusEtcd etcd,
      @JsonProperty(required = true) MilvusStorage storage) {}

  record MilvusEtcd(@JsonProperty(required = true) InCluster inCluster) {}

  /**
   * @param values of etcd's chart: free
   */
  record InCluster(String deletionPolicy, boolean pvcDeletion, JsonNode values) {}

  record MilvusStorage(boolean external, String type, String endpoint, String secretRef) {}
}
