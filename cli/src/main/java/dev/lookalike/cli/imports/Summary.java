package dev.lookalike.cli.imports;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lookalike.cli.terminal.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The counts of one import; each file counts in exactly one of them. Thread-safe. */
final class Summary {

  private static final int NAMED = 100;

  /** A file that was not accepted, and why. */
  record RejectedFile(String name, String code, String detail) {}

  // All guarded by this.
  private int files;
  private int skipped;
  private int uploaded;
  private int resumed;
  private int duplicate;
  private int searchable;
  private int deleted;
  private int superseded;
  private final Map<String, Integer> rejected = new TreeMap<>();
  private final List<RejectedFile> rejectedFiles = new ArrayList<>();

  synchronized void seen(int regular, int left) {
    files = regular;
    skipped = left;
  }

  synchronized void vanished() {
    files--;
    skipped++;
  }

  synchronized void uploaded() {
    uploaded++;
  }

  synchronized void resumed() {
    resumed++;
  }

  synchronized void duplicate() {
    duplicate++;
  }

  synchronized void rejected(String name, String code, String detail) {
    rejected.merge(code, 1, Integer::sum);
    if (rejectedFiles.size() < NAMED) {
      rejectedFiles.add(new RejectedFile(name, code, detail));
    }
  }

  /** Records the outcome of an accepted upload. */
  synchronized void ended(String name, String state, String reason, String detail) {
    switch (state) {
      case "searchable" -> searchable++;
      case "deleted" -> deleted++;
      case "superseded" -> superseded++;
      default -> rejected(name, reason.isEmpty() ? state : reason, detail);
    }
  }

  synchronized int rejectedCount() {
    return rejected.values().stream().mapToInt(Integer::intValue).sum();
  }

  synchronized int searchableCount() {
    return searchable;
  }

  synchronized int deletedCount() {
    return deleted;
  }

  synchronized int uploadedCount() {
    return uploaded;
  }

  synchronized int files() {
    return files;
  }

  /** Files with a known outcome. */
  synchronized int ended() {
    return searchable + deleted + superseded + duplicate + rejectedCount();
  }

  /** Accepted, without an outcome yet. */
  synchronized int pending() {
    return files - ended();
  }

  synchronized List<RejectedFile> rejectedFiles() {
    return List.copyOf(rejectedFiles);
  }

  synchronized ObjectNode json(double seconds) {
    ObjectNode node =
        Json.object()
            .put("files", files)
            .put("uploaded", uploaded)
            .put("resumed", resumed)
            .put("searchable", searchable);
    rejected.forEach(node.putObject("rejected")::put);
    node.put("duplicate", duplicate)
        .put("skipped", skipped)
        .put("deleted", deleted)
        .put("superseded", superseded)
        .put("pending", pending())
        .put("seconds", Math.round(seconds * 1000) / 1000.0);
    ArrayNode names = node.putArray("rejected_files");
    for (RejectedFile file : rejectedFiles) {
      names
          .addObject()
          .put("file", file.name())
          .put("code", file.code())
          .put("detail", file.detail());
    }
    return node;
  }

  /** One or two lines for people. */
  synchronized String text(double seconds) {
    StringBuilder text = new StringBuilder();
    text.append(searchable).append(" searchable");
    if (!rejected.isEmpty()) {
      List<String> reasons = new ArrayList<>();
      rejected.forEach((code, count) -> reasons.add(code + " " + count));
      text.append(", ").append(rejectedCount()).append(" rejected (");
      text.append(String.join(", ", reasons)).append(")");
    }
    append(text, duplicate, "duplicate");
    append(text, skipped, "skipped");
    append(text, deleted, "deleted since");
    append(text, superseded, "replaced since");
    append(text, pending(), "pending");
    text.append(
        "%n%d uploaded%s in %.1f s"
            .formatted(
                uploaded, resumed == 0 ? "" : ", " + resumed + " already uploaded", seconds));
    if (uploaded > 0 && seconds > 0) {
      text.append(" (%.0f images/s)".formatted(uploaded / seconds));
    }
    return text.toString();
  }

  private static void append(StringBuilder text, int count, String what) {
    if (count > 0) {
      text.append(", ").append(count).append(' ').append(what);
    }
  }
}
