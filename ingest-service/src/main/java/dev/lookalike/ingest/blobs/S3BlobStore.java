package dev.lookalike.ingest.blobs;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.MetadataDirective;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

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

  /** Objects of one listing or one deletion; S3 allows no more. */
  private static final int PAGE = 1000;

  /** An upload in parts of this age belongs to a process that died. */
  private static final Duration ABANDONED = Duration.ofDays(1);

  /** Longest wait when the store is asked whether it can be used. */
  private static final Duration CHECK = Duration.ofSeconds(3);

  /** How often a put is tried while others put or delete the same object. */
  private static final int RACES = 5;

  private static final int NOT_FOUND = 404;

  private final S3Client s3;
  private final S3Settings settings;
  private final S3Uploads uploads;
  private final String bucket;
  private final String prefix;
  private final int pageSize;

  /** Whether an object was put since the start or since the last failure. */
  private volatile boolean writable;

  private S3BlobStore(S3Client s3, S3Settings settings, String bucket, int pageSize) {
    this.s3 = s3;
    this.settings = settings;
    this.uploads = new S3Uploads(s3, settings, bucket);
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
    return new S3BlobStore(S3Connection.open(settings), settings, bucket, pageSize);
  }

  @Override
  public void put(BlobKey key, String imageId, byte[] bytes) throws IOException {
    if (!BlobKey.imageHash(imageId).equals(key.imageHash())) {
      throw new IllegalArgumentException("the key belongs to another image");
    }
    String object = object(key);
    Map<String, String> metadata =
        Map.of(
            IMAGE_ID,
            Base64.getUrlEncoder().withoutPadding().encodeToString(imageId.getBytes(UTF_8)));
    try {
      for (int race = 1;
          !uploads.create(object, metadata, bytes, key) && !renew(object, metadata, bytes, key);
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

  /**
   * Renews the age of an object; returns whether there is one. Where a store changes only the
   * metadata of an object that is copied onto itself, the same bytes are put again.
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
            .contentType(S3Uploads.MEDIA_TYPE)
            .metadata(metadata);
    uploads.encryption().ifPresent(request::serverSideEncryption);
    settings.kmsKeyId().ifPresent(request::ssekmsKeyId);
    try {
      Instant renewed = s3.copyObject(request.build()).copyObjectResult().lastModified();
      if (!renewed.isAfter(before.get().lastModified())) {
        uploads.putOver(object, metadata, bytes, key);
      }
      return true;
    } catch (NoSuchKeyException e) {
      return false;
    }
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
      uploads.abandon(all, Instant.MAX);
      // Always the first page: what was listed is deleted by now.
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
    // An object may be gone already: deleted by a try whose answer was lost, or by another process.
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

  /** Also aborts uploads in parts that a dead process left behind. */
  @Override
  public void list(Instant putBefore, Visitor each) throws IOException {
    try {
      uploads.abandon(prefix, Instant.now().minus(ABANDONED));
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

  /** A listing has no metadata: the image id takes a request of its own. */
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

  /** Puts and deletes an object of its own until that has worked once; then asks for the bucket. */
  @Override
  public void check() throws IOException {
    try {
      if (writable) {
        s3.headBucket(
            head -> head.bucket(bucket).overrideConfiguration(call -> call.apiCallTimeout(CHECK)));
        return;
      }
      String object = prefix + "check-" + UUID.randomUUID();
      uploads.putEmpty(object, CHECK);
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

  private IOException failure(String what, RuntimeException e) {
    String where = settings.endpoint().map(endpoint -> endpoint + ", ").orElse("");
    return new IOException(
        "object store (%sbucket %s) %s: %s".formatted(where, bucket, what, e.getMessage()), e);
  }
}
