package dev.lookalike.ingest.blobs;

import java.io.ByteArrayInputStream;
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
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.CreateMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/**
 * Puts objects into a bucket: whole or in parts, encrypted as the settings say, with a SHA-256 that
 * the store compares. Thread-safe.
 */
final class S3Uploads {
  static final String MEDIA_TYPE = "application/octet-stream";

  private static final int CONFLICT = 409;
  private static final int PRECONDITION_FAILED = 412;

  private final S3Client s3;
  private final S3Settings settings;
  private final String bucket;

  S3Uploads(S3Client s3, S3Settings settings, String bucket) {
    this.s3 = s3;
    this.settings = settings;
    this.bucket = bucket;
  }

  /** Returns false if the object exists, or another put of it is under way. */
  boolean create(String object, Map<String, String> metadata, byte[] bytes, BlobKey key) {
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

  /**
   * Parts of a failed upload cost space; {@link #abandon(String, Instant)} finds those that stay.
   */
  private void abandon(String object, String upload) {
    try {
      s3.abortMultipartUpload(abort -> abort.bucket(bucket).key(object).uploadId(upload));
    } catch (SdkException | UncheckedIOException e) {
      // The caller is told what ended the upload, not this.
      return;
    }
  }

  /** Puts an object over the one that is there. */
  void putOver(String object, Map<String, String> metadata, byte[] bytes, BlobKey key) {
    s3.putObject(
        put(object, metadata, key).ifNoneMatch(null).build(), body(bytes, 0, bytes.length));
  }

  /** Puts an object without bytes where there is none. */
  void putEmpty(String object, Duration atMost) {
    s3.putObject(
        encrypted(
                PutObjectRequest.builder()
                    .bucket(bucket)
                    .key(object)
                    .ifNoneMatch(condition())
                    .checksumSHA256(base64(sha256().digest()))
                    .overrideConfiguration(call -> call.apiCallTimeout(atMost)))
            .build(),
        body(new byte[0], 0, 0));
  }

  /** Ends uploads in parts under a prefix that were started before a moment. */
  void abandon(String under, Instant startedBefore) {
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

  private @Nullable String condition() {
    return settings.conditionalPuts() ? "*" : null;
  }

  Optional<ServerSideEncryption> encryption() {
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

  /** Part of an array as a body that can be read again by a second try. */
  private static RequestBody body(byte[] bytes, int from, int length) {
    return RequestBody.fromContentProvider(
        () -> new ByteArrayInputStream(bytes, from, length), length, MEDIA_TYPE);
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
