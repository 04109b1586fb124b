package dev.lookalike.ingest.client;

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
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Asks the embed service for its models. Thread-safe; blocks the caller, at most for the timeout.
 */
@Singleton
public class EmbedClient {
  private static final Logger LOG = Logger.getLogger(EmbedClient.class);

  private final EmbedSettings settings;
  private final ServiceKey key;
  private @Nullable ManagedChannel channel;

  public EmbedClient(EmbedSettings settings, ServiceKey key) {
    this.settings = settings;
    this.key = key;
  }

  /**
   * A model that is served.
   *
   * @param width pixels of its input
   * @param height pixels of its input
   */
  public record Served(String id, int width, int height) {}

  /**
   * What the embed service says.
   *
   * @param models at least one
   * @param defaultModel of collections that name none
   * @param unserved reason by id of the collection
   */
  public record Answer(
      List<Served> models, Optional<String> defaultModel, Map<String, String> unserved) {
    public Answer {
      models = List.copyOf(models);
      unserved = Map.copyOf(unserved);
    }

    /** The model of an id; of the empty string the default one. */
    public Optional<Served> named(String id) {
      Optional<String> wanted = id.isEmpty() ? defaultModel : Optional.of(id);
      return wanted.flatMap(
          name -> models.stream().filter(model -> model.id().equals(name)).findFirst());
    }
  }

  /** Empty while the embed service does not answer, or has not loaded its models yet. */
  public Optional<Answer> ask() {
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
        new Answer(
            response.getModelsList().stream().map(EmbedClient::served).toList(),
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

  private static Served served(ServedModel model) {
    return new Served(model.getModel().getId(), model.getInputWidth(), model.getInputHeight());
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

  @PreDestroy
  synchronized void close() {
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
