package dev.lookalike.ingest.client;

import dev.lookalike.ingest.collections.ServedModels;
import dev.lookalike.proto.embed.v1.EmbedGrpc;
import dev.lookalike.proto.embed.v1.ListModelsRequest;
import dev.lookalike.proto.embed.v1.ListModelsResponse;
import dev.lookalike.proto.embed.v1.ServedModel;
import dev.lookalike.proto.embed.v1.UnservedCollection;
import dev.lookalike.service.access.ServiceKey;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Asks the embed service which models it serves. Connects with the first question. Thread-safe;
 * blocks the caller, at most for the timeout.
 */
public final class EmbedClient implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(EmbedClient.class);

  private final EmbedSettings settings;
  private final ServiceKey key;
  private @Nullable ManagedChannel channel;

  public EmbedClient(EmbedSettings settings, ServiceKey key) {
    this.settings = settings;
    this.key = key;
  }

  /** Empty while the embed service does not answer, or has not loaded its models yet. */
  public Optional<ServedModels> ask() {
    ListModelsResponse response;
    try {
      response =
          EmbedGrpc.newBlockingStub(channel())
              .withDeadlineAfter(settings.timeout().toMillis(), TimeUnit.MILLISECONDS)
              .listModels(ListModelsRequest.getDefaultInstance());
    } catch (StatusRuntimeException e) {
      LOG.debugf("embed-service: %s", e.getStatus());
      return Optional.empty();
    }
    if (response.getModelsCount() == 0) {
      return Optional.empty();
    }
    return Optional.of(
        new ServedModels(
            response.getModelsList().stream().map(EmbedClient::model).toList(),
            response.getDefaultModel().isEmpty()
                ? Optional.empty()
                : Optional.of(response.getDefaultModel()),
            response.getUnservedList().stream()
                .collect(
                    Collectors.toMap(
                        UnservedCollection::getCollectionId,
                        UnservedCollection::getReason,
                        (one, other) -> one + "; " + other))));
  }

  private static ServedModels.Model model(ServedModel model) {
    return new ServedModels.Model(
        model.getModel().getId(), model.getInputWidth(), model.getInputHeight());
  }

  private synchronized ManagedChannel channel() {
    if (channel == null) {
      channel =
          Grpc.newChannelBuilder(settings.address(), InsecureChannelCredentials.create())
              .intercept(key)
              .defaultLoadBalancingPolicy("round_robin")
              .idleTimeout(5, TimeUnit.MINUTES)
              .build();
    }
    return channel;
  }

  @Override
  public synchronized void close() {
    if (channel != null) {
      channel.shutdownNow();
      try {
        channel.awaitTermination(Duration.ofSeconds(2).toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
