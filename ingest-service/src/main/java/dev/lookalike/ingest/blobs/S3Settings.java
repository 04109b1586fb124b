package dev.lookalike.ingest.blobs;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** An object store that keeps uploaded bytes in place of a folder. */
@ConfigMapping(prefix = "lookalike.blobs.s3")
public interface S3Settings {
  /** How objects are encrypted by the store. */
  enum Encryption {
    AES256,
    AWS_KMS,
    AWS_KMS_DSSE
  }

  /** Bucket of the object store that keeps originals; without it they are kept in the folder. */
  Optional<String> bucket();

  /** Goes before the key of each object, such as {@code lookalike/}: the bucket may be shared. */
  Optional<String> prefix();

  /** Where an object store other than AWS listens, such as {@code https://minio:9000}. */
  Optional<URI> endpoint();

  /**
   * Region of the bucket. Default: what the environment says, as AWS tools read it; us-east-1 where
   * an endpoint is given.
   */
  Optional<String> region();

  /** Whether the bucket goes into the path instead of the host name; most other stores need it. */
  @WithDefault("false")
  boolean pathStyle();

  /**
   * Key to sign with. Default: what AWS tools find, in this order: environment, a service account's
   * token, profile, container, instance.
   */
  Optional<String> accessKeyId();

  /** Secret of that key; give it by environment or file, not on a command line. */
  Optional<String> secretAccessKey();

  /**
   * Encryption that is asked of the store: {@code aes256}, {@code aws-kms} or {@code aws-kms-dsse}.
   * Default: the bucket's own.
   */
  Optional<Encryption> encryption();

  /** Key of KMS to encrypt with. Default: the account's. */
  Optional<String> kmsKeyId();

  /**
   * Whether an object is created only where there is none (If-None-Match), so that nothing kept is
   * ever overwritten. False is for a store that does not implement it.
   */
  @WithDefault("true")
  boolean conditionalPuts();

  /** Bytes above which an original is sent in parts. */
  @WithDefault("16M")
  MemorySize multipartAbove();

  /** Bytes of a part; a failed one is sent again alone. 5M at least, as S3 wants. */
  @WithDefault("8M")
  MemorySize partSize();

  /** Tries of one call, at most. 1 to 10. */
  @WithDefault("3")
  @Min(1)
  @Max(10)
  int attempts();

  /** Longest silence of the store in the middle of a try, which ends it. */
  @WithDefault("10s")
  Duration attemptTimeout();

  /** Longest time for a call with all its tries; then the upload is refused. */
  @WithDefault("20s")
  Duration timeout();
}
