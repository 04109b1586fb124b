package dev.lookalike.ingest.blobs;

import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;

/** Makes the client of an object store. */
final class S3Connection {
  /** S3 allows no smaller part. */
  private static final long LEAST_PART_BYTES = 5 << 20;

  private S3Connection() {}

  /**
   * A client that connects at the first call.
   *
   * @throws IllegalArgumentException says which settings contradict each other
   */
  static S3Client open(S3Settings settings) {
    if (settings.accessKeyId().isPresent() != settings.secretAccessKey().isPresent()) {
      throw new IllegalArgumentException(
          "lookalike.blobs.s3.access-key-id and secret-access-key must be given together, or not at all");
    }
    if (settings.partSize().asLongValue() < LEAST_PART_BYTES) {
      throw new IllegalArgumentException("lookalike.blobs.s3.part-size must be at least 5M");
    }
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClient(
                // The SDK's own timeout of an attempt closes the connection in a way that this
                // client takes for the end of the call: a silence of the socket is tried again.
                UrlConnectionHttpClient.builder()
                    .connectionTimeout(settings.attemptTimeout())
                    .socketTimeout(settings.attemptTimeout())
                    .build())
            .forcePathStyle(settings.pathStyle())
            .serviceConfiguration(S3Configuration.builder().chunkedEncodingEnabled(false).build())
            // Both ends compare SHA-256, which each request carries where it matters.
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .overrideConfiguration(
                override ->
                    override
                        .apiCallTimeout(settings.timeout())
                        .retryStrategy(
                            AwsRetryStrategy.standardRetryStrategy().toBuilder()
                                .maxAttempts(settings.attempts())
                                .build()));
    settings.endpoint().ifPresent(builder::endpointOverride);
    settings
        .region()
        .or(() -> settings.endpoint().map(endpoint -> "us-east-1"))
        .ifPresent(region -> builder.region(Region.of(region)));
    settings
        .accessKeyId()
        .ifPresent(
            id ->
                builder.credentialsProvider(
                    StaticCredentialsProvider.create(
                        AwsBasicCredentials.create(id, settings.secretAccessKey().orElseThrow()))));
    return builder.build();
  }
}
