package dev.lookalike.cli.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.client.Answer;
import dev.lookalike.cli.client.Rest;
import dev.lookalike.cli.images.Upload;
import dev.lookalike.cli.imports.Journal.Decision;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import dev.lookalike.cli.terminal.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One import: a bounded number of threads upload files in order; another thread asks for their
 * outcomes. Requests to a service that is full, starting or unreachable are repeated until there
 * has been no progress for as long as the patience lasts.
 */
final class ImportRun {

  /** Tokens in one request; query-service accepts 1,000. */
  private static final int STATUS_BATCH = 500;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final int INTERNAL_ERRORS = 3;

  /**
   * Where and how to upload.
   *
   * @param images address for uploads to the collection
   * @param status address for the status of tokens
   */
  record Plan(
      URI images,
      URI status,
      int concurrency,
      Duration patience,
      boolean labelFromFolder,
      boolean again,
      boolean awaitOutcomes) {}

  private final Plan plan;
  private final Rest rest;
  private final Journal journal;
  private final AttributeTable table;
  private final Summary summary;

  private final ArrayDeque<FolderFile> waiting; // Guarded by itself.
  private final Map<String, String> pending =
      new LinkedHashMap<>(); // Token to name. Guarded by itself.
  private final Map<String, String> nameOfContent = new ConcurrentHashMap<>();
  private final AtomicLong lastMove = new AtomicLong(System.nanoTime());
  private final AtomicBoolean uploading = new AtomicBoolean(true);
  private final AtomicReference<@Nullable CommandFailure> failure = new AtomicReference<>();

  ImportRun(
      Plan plan, Rest rest, Journal journal, AttributeTable table, Folder folder, Summary summary) {
    this.plan = plan;
    this.rest = rest;
    this.journal = journal;
    this.table = table;
    this.summary = summary;
    this.waiting = new ArrayDeque<>(folder.files());
    summary.seen(folder.files().size(), folder.skipped());
  }

  /**
   * Runs to the end.
   *
   * @param progress called about five times a second
   * @throws CommandFailure if it cannot continue; the journal has what was done
   */
  void run(Runnable progress) throws InterruptedException {
    takeWhatIsDone();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < plan.concurrency(); i++) {
      threads.add(new Thread(this::uploadAll, "upload-" + i));
    }
    Thread outcomes = new Thread(this::awaitOutcomes, "outcomes");
    threads.forEach(thread -> thread.setDaemon(true));
    outcomes.setDaemon(true);
    threads.forEach(Thread::start);
    if (plan.awaitOutcomes()) {
      outcomes.start();
    }
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        thread.join(200);
        progress.run();
      }
    }
    uploading.set(false);
    while (outcomes.isAlive()) {
      outcomes.join(200);
      progress.run();
    }
    CommandFailure failed = failure.get();
    if (failed != null) {
      throw failed;
    }
  }

  /**
   * Skips files that an earlier import has finished; their contents still count for finding
   * duplicates.
   */
  private void takeWhatIsDone() {
    if (plan.again()) {
      return;
    }
    List<FolderFile> left = new ArrayList<>();
    for (FolderFile file : waiting) {
      Optional<Journal.Entry> entry =
          journal.find(file.name()).filter(e -> e.isOf(file, signature(file)));
      if (entry.isEmpty()) {
        left.add(file);
        continue;
      }
      Journal.Entry done = entry.get();
      summary.resumed();
      nameOfContent.putIfAbsent(done.sha256(), done.name());
      switch (done.decision()) {
        case ACKNOWLEDGED -> pending.put(done.token(), done.name());
        case REFUSED -> summary.rejected(done.name(), done.code(), done.detail());
        case DUPLICATE -> summary.duplicate();
      }
    }
    waiting.clear();
    waiting.addAll(left);
  }

  private void uploadAll() {
    while (failure.get() == null) {
      FolderFile file;
      synchronized (waiting) {
        file = waiting.poll();
      }
      if (file == null) {
        return;
      }
      try {
        upload(file);
      } catch (CommandFailure e) {
        failure.compareAndSet(null, e);
      } catch (RuntimeException e) {
        failure.compareAndSet(
            null, new CommandFailure(ExitCode.FAILED, "INTERNAL", file.name() + ": " + e));
      }
    }
  }

  private void upload(FolderFile file) {
    String sha256;
    try {
      sha256 = sha256(file);
    } catch (IOException e) {
      summary.vanished();
      return;
    }
    String first = nameOfContent.putIfAbsent(sha256, file.name());
    if (first != null && !first.equals(file.name())) {
      decided(file, sha256, Decision.DUPLICATE, "", "", "");
      summary.duplicate();
      return;
    }
    Upload upload = new Upload(file.path(), attributes(file), labels(file));
    Duration pause = FIRST_PAUSE;
    int internalErrors = 0;
    while (failure.get() == null) {
      Answer answer;
      try {
        answer = upload.send(rest, "POST", plan.images());
      } catch (IOException e) {
        summary.vanished();
        return;
      }
      switch (answer) {
        case Answer.Ok(JsonNode body) -> {
          String token = body.path("token").asText();
          decided(file, sha256, Decision.ACKNOWLEDGED, token, "", "");
          synchronized (pending) {
            pending.put(token, file.name());
          }
          summary.uploaded();
          return;
        }
        case Answer.Refused refused -> {
          if (refused.status() == 404 || refused.status() == 401 || refused.status() == 403) {
            throw new CommandFailure(
                refused.status() == 404 ? ExitCode.NOT_FOUND : ExitCode.REFUSED,
                refused.code(),
                refused.detail());
          }
          if (refused.status() >= 500 && internalErrors++ < INTERNAL_ERRORS) {
            pause = rest(pause, Duration.ZERO, refused.code(), refused.detail());
            continue;
          }
          decided(file, sha256, Decision.REFUSED, "", refused.code(), refused.detail());
          summary.rejected(file.name(), refused.code(), refused.detail());
          return;
        }
        case Answer.NotNow notNow ->
            pause = rest(pause, notNow.after(), notNow.code(), notNow.detail());
      }
    }
  }

  /**
   * Waits before the next attempt; gives up if there was no progress for too long. Returns the next
   * pause.
   */
  private Duration rest(Duration pause, Duration asked, String code, String detail) {
    if (System.nanoTime() - lastMove.get() > plan.patience().toNanos()) {
      throw new CommandFailure(
          ExitCode.UNAVAILABLE,
          code,
          "%s; gave up after %d s. Uploads so far are kept: run the same command again to continue"
              .formatted(detail, plan.patience().toSeconds()));
    }
    Duration actual = asked.compareTo(pause) > 0 ? asked : pause;
    try {
      Thread.sleep(actual);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandFailure(ExitCode.INTERRUPTED, "INTERRUPTED", "interrupted");
    }
    Duration doubled = pause.multipliedBy(2);
    return doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
  }

  private void decided(
      FolderFile file, String sha256, Decision decision, String token, String code, String detail) {
    lastMove.set(System.nanoTime());
    journal.add(
        new Journal.Entry(
            file.name(),
            file.size(),
            file.modified(),
            sha256,
            signature(file),
            decision,
            token,
            code,
            detail));
  }

  private ObjectNode attributes(FolderFile file) {
    ObjectNode attributes = Json.object().put(AttributeTable.FILE, file.name());
    table.find(file.name()).ifPresent(row -> attributes.setAll(row.attributes()));
    return attributes;
  }

  private List<String> labels(FolderFile file) {
    List<String> labels = new ArrayList<>();
    table.find(file.name()).ifPresent(row -> labels.addAll(row.labels()));
    String[] parts = file.name().split("/", -1);
    if (plan.labelFromFolder() && parts.length > 1 && !labels.contains(parts[parts.length - 2])) {
      labels.add(parts[parts.length - 2]);
    }
    return labels;
  }

  private String signature(FolderFile file) {
    String text = Json.line(attributes(file)) + labels(file);
    return Journal.sha256(text.getBytes(StandardCharsets.UTF_8)).substring(0, 16);
  }

  private static String sha256(FolderFile file) throws IOException {
    MessageDigest digest = Journal.digest();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file.path()), digest)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * Asks for batches of tokens until all have an outcome, or there was no progress for too long.
   */
  private void awaitOutcomes() {
    Duration pause = FIRST_PAUSE;
    while (failure.get() == null) {
      Map<String, String> batch = oldestPending();
      if (batch.isEmpty()) {
        if (!uploading.get() && oldestPending().isEmpty()) {
          return;
        }
        if (!sleep(Duration.ofMillis(50))) {
          return;
        }
        continue;
      }
      ObjectNode request = Json.object();
      batch.keySet().forEach(request.putArray("tokens")::add);
      request.put("wait", uploading.get() ? "1s" : "5s");
      Answer answer = rest.send("POST", plan.status(), request);
      switch (answer) {
        case Answer.Ok(JsonNode body) -> {
          pause = FIRST_PAUSE;
          take(batch, body);
        }
        case Answer.Refused refused -> {
          failure.compareAndSet(
              null, new CommandFailure(ExitCode.REFUSED, refused.code(), refused.detail()));
          return;
        }
        case Answer.NotNow notNow -> {
          if (!sleep(pause)) {
            return;
          }
          Duration doubled = pause.multipliedBy(2);
          pause = doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
        }
      }
      if (!uploading.get() && System.nanoTime() - lastMove.get() > plan.patience().toNanos()) {
        return; // The rest stays pending.
      }
    }
  }

  private Map<String, String> oldestPending() {
    Map<String, String> batch = new LinkedHashMap<>();
    synchronized (pending) {
      for (Map.Entry<String, String> entry : pending.entrySet()) {
        if (batch.size() == STATUS_BATCH) {
          break;
        }
        batch.put(entry.getKey(), entry.getValue());
      }
    }
    return batch;
  }

  private void take(Map<String, String> batch, JsonNode body) {
    for (JsonNode status : body.path("statuses")) {
      String token = status.path("token").asText();
      String state = status.path("state").asText("pending");
      String name = batch.get(token);
      if (name != null && !state.equals("pending")) {
        synchronized (pending) {
          pending.remove(token);
        }
        summary.ended(
            name, state, status.path("reason").asText(""), status.path("detail").asText(""));
        lastMove.set(System.nanoTime());
      }
    }
  }

  private static boolean sleep(Duration duration) {
    try {
      Thread.sleep(duration);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }
}
