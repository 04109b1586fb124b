package dev.lookalike.ingest.blobs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.MetadataDirective;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Error;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/**
 * Blobs as objects of a bucket: {@code <prefix><collection id>/<image hash>/<content hash>}, with
 * the image id as metadata of the object, so that both are there or neither.
 *
 * <p>An object is created only where there is none; where there is one it has the same bytes, since
 * its name is made of them, and is copied onto itself, which renews its age. The store compares
 * what arrives with its SHA-256, and what is read is compared again.
 */
public final class S3BlobStore implements BlobStore {
  /** Metadata of an object: the image id in base64url, since metadata is ASCII. */
  private static final String IMAGE_ID = "image-id";

  private static final String MEDIA_TYPE = "application/octet-stream";

  /** Objects of one listing or one deletion; S3 allows no more. */
  private static final int PAGE = 1000;

  /** S3 allows no smaller part. */
  private static final long LEAST_PART_BYTES = 5 << 20;

  /** An upload in parts of this age belongs to a process that died. */
  private static final Duration ABANDONED = Duration.ofDays(1);

  /** Longest time for an answer to the question whether the store is there. */
  private static final Duration CHECK = Duration.ofSeconds(3);

  /** Times that a put is tried against another one, or a deletion, of the same object. */
  private static final int RACES = 5;

  private static final int NOT_FOUND = 404;
  private static final int CONFLICT = 409;
  private static final int PRECONDITION_FAILED = 412;

  private final S3Client s3;
  private final S3Settings settings;
  private final String bucket;
  private final String prefix;
  private final int pageSize;

  /** Whether an object was put since the start or since the last failure. */
  private volatile boolean writable;

  private S3BlobStore(S3Client s3, S3Settings settings, String bucket, int pageSize) {
    this.s3 = s3;
    this.settings = settings;
    this.bucket = bucket;
    this.prefix = settings.prefix().orElse("");
    this.pageSize = pageSize;
  }

  /**
   * Connects at the first call.
   *
   * @throws IllegalArgumentException says which settings do not fit together
   */
  public static S3BlobStore open(S3Settings settings) {
    return open(settings, PAGE);
  }

  /**
   * @param pageSize objects of one listing or one deletion, at most 1000
   */
  static S3BlobStore open(S3Settings settings, int pageSize) {
    String bucket =
        settings
            .bucket()
            .orElseThrow(() -> new IllegalArgumentException("lookalike.blobs.s3.bucket is empty"));
    if (settings.accessKeyId().isPresent() != settings.secretAccessKey().isPresent()) {
      throw new IllegalArgumentException(
          "lookalike.blobs.s3.access-key-id and secret-access-key are given together or not at all");
    }
    if (settings.partSize().asLongValue() < LEAST_PART_BYTES) {
      throw new IllegalArgumentException("lookalike.blobs.s3.part-size is less than 5M");
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
    return new S3BlobStore(builder.build(), settings, bucket, pageSize);
  }

  @Override
  public void put(BlobKey key, String imageId, byte[] bytes) throws IOException {
    if (!BlobKey.imageHash(imageId).equals(key.imageHash())) {
      throw new IllegalArgumentException("the key is of another image");
    }
    String object = object(key);
    Map<String, String> metadata =
        Map.of(
            IMAGE_ID,
            Base64.getUrlEncoder().withoutPadding().encodeToString(imageId.getBytes(UTF_8)));
    try {
      for (int race = 1;
          !create(object, metadata, bytes, key) && !renew(object, metadata, bytes, key);
          race++) {
        if (race == RACES) {
          throw new IOException("object " + object + " comes and goes");
        }
        Thread.sleep(20L << race);
      }
      writable = true;
    } catch (SdkException | UncheckedIOException e) {
      writable = false;
      throw failure("cannot put " + object, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Returns whether it did: not where there is the object, or another put of it is under way. */
  private boolean create(String object, Map<String, String> metadata, byte[] bytes, BlobKey key) {
    try {
      if (bytes.length > settings.multipartAbove().asLongValue()) {
        createInParts(object, metadata, bytes);
      } else {
        s3.putObject(put(object, metadata, key).build(), body(bytes, 0, bytes.length));
      }
      return true;
    } catch (S3Exception e) {
      if (e.statusCode() == PRECONDITION_FAILED || e.statusCode() == CONFLICT) {
        return false;
      }
      throw e;
    }
  }

  private PutObjectRequest.Builder put(String object, Map<String, String> metadata, BlobKey key) {
    return encrypted(
        PutObjectRequest.builder()
            .bucket(bucket)
            .key(object)
            .contentType(MEDIA_TYPE)
            .metadata(metadata)
            .ifNoneMatch(condition())
            .checksumSHA256(base64(HexFormat.of().parseHex(key.contentHash()))));
  }

  private void createInParts(String object, Map<String, String> metadata, byte[] bytes) {
    CreateMultipartUploadRequest.Builder request =
        CreateMultipartUploadRequest.builder()
            .bucket(bucket)
            .key(object)
            .contentType(MEDIA_TYPE)
            .metadata(metadata)
            .checksumAlgorithm(ChecksumAlgorithm.SHA256);
    encryption().ifPresent(request::serverSideEncryption);
    settings.kmsKeyId().ifPresent(request::ssekmsKeyId);
    String upload = s3.createMultipartUpload(request.build()).uploadId();
    boolean complete = false;
    try {
      List<CompletedPart> parts = new ArrayList<>();
      int partBytes = (int) settings.partSize().asLongValue();
      for (int from = 0; from < bytes.length; from += partBytes) {
        int length = Math.min(partBytes, bytes.length - from);
        MessageDigest sha256 = sha256();
        sha256.update(bytes, from, length);
        String checksum = base64(sha256.digest());
        int number = parts.size() + 1;
        String tag =
            s3.uploadPart(
                    UploadPartRequest.builder()
                        .bucket(bucket)
                        .key(object)
                        .uploadId(upload)
                        .partNumber(number)
                        .checksumSHA256(checksum)
                        .build(),
                    body(bytes, from, length))
                .eTag();
        parts.add(
            CompletedPart.builder().partNumber(number).eTag(tag).checksumSHA256(checksum).build());
      }
      s3.completeMultipartUpload(
          CompleteMultipartUploadRequest.builder()
              .bucket(bucket)
              .key(object)
              .uploadId(upload)
              .ifNoneMatch(condition())
              .multipartUpload(all -> all.parts(parts))
              .build());
      complete = true;
    } finally {
      if (!complete) {
        abandon(object, upload);
      }
    }
  }

  /** The parts of an upload that failed cost space; those that stay are found by {@link #list}. */
  private void abandon(String object, String upload) {
    try {
      s3.abortMultipartUpload(abort -> abort.bucket(bucket).key(object).uploadId(upload));
    } catch (SdkException | UncheckedIOException e) {
      // What ended the upload is what is told.
      return;
    }
  }

  /**
   * Renews the age of an object; returns whether there is one. Some stores change only the metadata
   * where an object is copied onto itself: there it is put over it, the same bytes.
   */
  private boolean renew(String object, Map<String, String> metadata, byte[] bytes, BlobKey key) {
    Optional<HeadObjectResponse> before = head(object);
    if (before.isEmpty()) {
      return false;
    }
    CopyObjectRequest.Builder request =
        CopyObjectRequest.builder()
            .sourceBucket(bucket)
            .sourceKey(object)
            .destinationBucket(bucket)
            .destinationKey(object)
            .metadataDirective(MetadataDirective.REPLACE)
            .contentType(MEDIA_TYPE)
            .metadata(metadata);
    encryption().ifPresent(request::serverSideEncryption);
    settings.kmsKeyId().ifPresent(request::ssekmsKeyId);
    try {
      Instant renewed = s3.copyObject(request.build()).copyObjectResult().lastModified();
      if (!renewed.isAfter(before.get().lastModified())) {
        putOver(object, metadata, bytes, key);
      }
      return true;
    } catch (NoSuchKeyException e) {
      return false;
    }
  }

  private void putOver(String object, Map<String, String> metadata, byte[] bytes, BlobKey key) {
    s3.putObject(
        put(object, metadata, key).ifNoneMatch(null).build(), body(bytes, 0, bytes.length));
  }

  @Override
  public Optional<Opened> open(BlobKey key) throws IOException {
    try {
      ResponseInputStream<GetObjectResponse> response =
          s3.getObject(get -> get.bucket(bucket).key(object(key)));
      long size = response.response().contentLength();
      return Optional.of(new Opened(new VerifiedStream(new Body(response), key, size), size));
    } catch (NoSuchKeyException e) {
      return Optional.empty();
    } catch (SdkException | UncheckedIOException e) {
      throw failure("cannot get " + object(key), e);
    }
  }

  /** Reads no further when it is closed early. */
  private static final class Body extends FilterInputStream {
    private final ResponseInputStream<GetObjectResponse> response;
    private boolean whole;

    Body(ResponseInputStream<GetObjectResponse> response) {
      super(response);
      this.response = response;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int count = super.read(into, offset, length);
      whole = count < 0;
      return count;
    }

    @Override
    public void close() throws IOException {
      if (whole) {
        super.close();
      } else {
        response.abort();
      }
    }
  }

  @Override
  public boolean delete(BlobKey key, Instant putBefore) throws IOException {
    try {
      Optional<HeadObjectResponse> head = head(object(key));
      if (head.isEmpty() || !head.get().lastModified().isBefore(putBefore)) {
        return false;
      }
      s3.deleteObject(delete -> delete.bucket(bucket).key(object(key)));
      return true;
    } catch (SdkException | UncheckedIOException e) {
      throw failure("cannot delete " + object(key), e);
    }
  }

  private Optional<HeadObjectResponse> head(String object) {
    try {
      return Optional.of(s3.headObject(head -> head.bucket(bucket).key(object)));
    } catch (S3Exception e) {
      if (e.statusCode() == NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public void deleteCollection(String collectionId) throws IOException {
    if (!BlobKey.isCollectionId(collectionId)) {
      throw new IllegalArgumentException("not the id of a collection");
    }
    String all = prefix + collectionId + "/";
    try {
      abandonUploads(all, Instant.MAX);
      // From the start each time: what was listed is gone.
      for (List<S3Object> page = page(all, null).contents();
          !page.isEmpty();
          page = page(all, null).contents()) {
        deleteAll(page);
      }
    } catch (SdkException | UncheckedIOException e) {
      throw failure("cannot delete " + all, e);
    }
  }

  private void deleteAll(List<S3Object> objects) throws IOException {
    List<ObjectIdentifier> identifiers =
        objects.stream().map(each -> ObjectIdentifier.builder().key(each.key()).build()).toList();
    DeleteObjectsResponse response =
        s3.deleteObjects(
            request ->
                request.bucket(bucket).delete(delete -> delete.objects(identifiers).quiet(true)));
    // What is gone already, by a try whose answer was lost or by another process, is well.
    List<S3Error> errors =
        response.errors().stream().filter(each -> !"NoSuchKey".equals(each.code())).toList();
    if (!errors.isEmpty()) {
      throw new IOException(
          "%d of %d objects were not deleted, first %s: %s"
              .formatted(
                  errors.size(),
                  objects.size(),
                  errors.getFirst().key(),
                  errors.getFirst().message()));
    }
  }

  /** Also ends uploads in parts that a process left behind when it died. */
  @Override
  public void list(Instant putBefore, Visitor each) throws IOException {
    try {
      abandonUploads(prefix, Instant.now().minus(ABANDONED));
      String next = null;
      do {
        ListObjectsV2Response page = page(prefix, next);
        for (S3Object object : page.contents()) {
          Optional<BlobKey> key = BlobKey.parse(object.key().substring(prefix.length()));
          if (key.isPresent() && object.lastModified().isBefore(putBefore)) {
            visit(key.get(), object, each);
          }
        }
        next = page.nextContinuationToken();
      } while (next != null);
    } catch (SdkException | UncheckedIOException e) {
      throw failure("cannot list objects", e);
    }
  }

  /** A listing tells no metadata: the image id is asked for, where the object is old enough. */
  private void visit(BlobKey key, S3Object object, Visitor each) throws IOException {
    Optional<String> imageId =
        head(object.key()).map(HeadObjectResponse::metadata).map(all -> all.get(IMAGE_ID));
    if (imageId.isPresent()) {
      each.visit(
          new Stored(
              key,
              new String(Base64.getUrlDecoder().decode(imageId.get()), UTF_8),
              object.lastModified(),
              object.size()));
    }
  }

  private ListObjectsV2Response page(String under, @Nullable String continuation) {
    return s3.listObjectsV2(
        list ->
            list.bucket(bucket).prefix(under).maxKeys(pageSize).continuationToken(continuation));
  }

  private void abandonUploads(String under, Instant startedBefore) {
    String nextKey = null;
    String nextUpload = null;
    ListMultipartUploadsResponse page;
    do {
      String fromKey = nextKey;
      String fromUpload = nextUpload;
      page =
          s3.listMultipartUploads(
              list ->
                  list.bucket(bucket).prefix(under).keyMarker(fromKey).uploadIdMarker(fromUpload));
      for (MultipartUpload upload : page.uploads()) {
        if (upload.initiated().isBefore(startedBefore)) {
          abandon(upload.key(), upload.uploadId());
        }
      }
      nextKey = page.nextKeyMarker();
      nextUpload = page.nextUploadIdMarker();
    } while (Boolean.TRUE.equals(page.isTruncated()));
  }

  /** Puts and deletes an object of its own until that has worked; then asks for the bucket only. */
  @Override
  public void check() throws IOException {
    try {
      if (writable) {
        s3.headBucket(
            head -> head.bucket(bucket).overrideConfiguration(call -> call.apiCallTimeout(CHECK)));
        return;
      }
      String object = prefix + "check-" + UUID.randomUUID();
      s3.putObject(
          encrypted(
                  PutObjectRequest.builder()
                      .bucket(bucket)
                      .key(object)
                      .ifNoneMatch(condition())
                      .checksumSHA256(base64(sha256().digest()))
                      .overrideConfiguration(call -> call.apiCallTimeout(CHECK)))
              .build(),
          body(new byte[0], 0, 0));
      s3.deleteObject(
          delete ->
              delete
                  .bucket(bucket)
                  .key(object)
                  .overrideConfiguration(call -> call.apiCallTimeout(CHECK)));
      writable = true;
    } catch (SdkException | UncheckedIOException e) {
      writable = false;
      throw failure("cannot be used", e);
    }
  }

  @Override
  public void close() {
    s3.close();
  }

  private String object(BlobKey key) {
    return prefix + key.text();
  }

  private @Nullable String condition() {
    return settings.conditionalPuts() ? "*" : null;
  }

  private Optional<ServerSideEncryption> encryption() {
    return settings
        .encryption()
        .map(
            wanted ->
                switch (wanted) {
                  case AES256 -> ServerSideEncryption.AES256;
                  case AWS_KMS -> ServerSideEncryption.AWS_KMS;
                  case AWS_KMS_DSSE -> ServerSideEncryption.AWS_KMS_DSSE;
                });
  }

  private PutObjectRequest.Builder encrypted(PutObjectRequest.Builder request) {
    encryption().ifPresent(request::serverSideEncryption);
    settings.kmsKeyId().ifPresent(request::ssekmsKeyId);
    return request;
  }

  /** Part of an array as a body that a second try reads again. */
  private static RequestBody body(byte[] bytes, int from, int length) {
    return RequestBody.fromContentProvider(
        () -> new ByteArrayInputStream(bytes, from, length), length, MEDIA_TYPE);
  }

  private IOException failure(String what, RuntimeException e) {
    String where = settings.endpoint().map(endpoint -> endpoint + ", ").orElse("");
    return new IOException(
        "object store (%sbucket %s) %s: %s".formatted(where, bucket, what, e.getMessage()), e);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
