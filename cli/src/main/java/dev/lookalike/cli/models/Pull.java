package dev.lookalike.cli.models;

import dev.lookalike.cli.models.Hub.HubFile;
import dev.lookalike.cli.models.Hub.Listing;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Downloads one model into the models folder. Until it is complete and verified it is in a hidden
 * folder beside it, from which the same command continues.
 *
 * @param notes receives a line about each step
 */
record Pull(Hub hub, String hubAddress, ModelFolders folders, Consumer<String> notes) {

  /** Disk space that stays free. */
  private static final long SPARE_BYTES = 64L << 20;

  /** Progress of a large file is reported at this interval. */
  private static final long NOTE_BYTES = 64L << 20;

  /**
   * The requested model.
   *
   * @param name of the folder
   * @param variant such as "fp16"
   * @param path of the graph, instead of a variant
   */
  record Wanted(
      String repo, String revision, String name, Optional<String> variant, Optional<String> path) {}

  /**
   * The result of a pull.
   *
   * @param fresh false: it existed before and is unchanged
   */
  record Pulled(Path folder, Pins pins, boolean fresh) {}

  Pulled pull(Wanted wanted) throws IOException {
    Listing listing = hub.list(wanted.repo(), wanted.revision());
    HubModel model = HubModel.choose(wanted.repo(), listing, wanted.variant(), wanted.path());
    Path folder = folders.folder(wanted.name());
    if (Files.exists(folder)) {
      return verified(wanted, listing, model, folder);
    }
    Path staging = folders.staging(wanted.name());
    Pins begun =
        new Pins(
            hubAddress,
            wanted.repo(),
            wanted.revision(),
            listing.commit(),
            model.graph().path(),
            List.of());
    Optional<Pins> before = Files.isDirectory(staging) ? Pins.read(staging) : Optional.empty();
    if (before.isEmpty() || !isSame(before.get(), begun)) {
      ModelFolders.delete(staging);
      Files.createDirectories(staging);
      begun.write(staging);
    }
    Hub.requireRoom(staging, model.size() - ModelFolders.size(staging) + SPARE_BYTES);
    List<Pins.Pin> pins = new ArrayList<>();
    for (Map.Entry<String, HubFile> entry : model.inOrder()) {
      Path file = staging.resolve(entry.getKey());
      if (!isWhole(file, entry.getValue())) {
        fetch(wanted, listing, entry.getValue(), file);
      }
      if (entry.getKey().equals(ModelFolders.CONFIG)
          && model.wantsTimm()
          && !ModelFolders.isTimm(file)) {
        ModelFolders.delete(staging);
        throw HubModel.unprepared(wanted.repo());
      }
      pins.add(
          new Pins.Pin(
              entry.getKey(), entry.getValue().path(), Files.size(file), Pins.sha256(file)));
    }
    Pins whole =
        new Pins(begun.hub(), begun.repo(), begun.revision(), begun.commit(), begun.graph(), pins);
    whole.write(staging);
    Files.move(staging, folder, StandardCopyOption.ATOMIC_MOVE);
    return new Pulled(folder, whole, true);
  }

  /** Whether an earlier attempt has completed this file. */
  private static boolean isWhole(Path file, HubFile stated) throws IOException {
    return Files.isRegularFile(file)
        && (stated.size() < 0 || Files.size(file) == stated.size())
        && (stated.sha256().isEmpty() || Pins.sha256(file).equals(stated.sha256().get()))
        && (stated.blob().isEmpty() || Pins.gitBlob(file).equals(stated.blob().get()));
  }

  private void fetch(Wanted wanted, Listing listing, HubFile file, Path to) {
    notes.accept(
        file.path() + (file.size() < 0 ? "" : " (%.1f MiB)".formatted(file.size() / 1048576.0)));
    long[] told = new long[1];
    hub.fetch(
        wanted.repo(),
        listing.commit(),
        file,
        to,
        there -> {
          if (there - told[0] >= NOTE_BYTES) {
            told[0] = there;
            notes.accept(
                "  %d MiB%s"
                    .formatted(
                        there >> 20,
                        file.size() > 0 ? ", %d %%".formatted(100 * there / file.size()) : ""));
          }
        });
  }

  private static boolean isSame(Pins one, Pins other) {
    return one.repo().equals(other.repo())
        && one.commit().equals(other.commit())
        && one.graph().equals(other.graph());
  }

  /** A second pull of the same model: checks the folder against its pins and the hub. */
  private Pulled verified(Wanted wanted, Listing listing, HubModel model, Path folder)
      throws IOException {
    Pins pins =
        Pins.read(folder)
            .orElseThrow(
                () ->
                    new CommandFailure(
                        ExitCode.REFUSED,
                        "MODEL_EXISTS",
                        folder + " exists and was not pulled; give another --name"));
    if (!pins.repo().equals(wanted.repo())
        || !pins.commit().equals(listing.commit())
        || !pins.graph().equals(model.graph().path())) {
      throw new CommandFailure(
          ExitCode.REFUSED,
          "MODEL_EXISTS",
          ("%s holds %s of %s at commit %.12s, not %s of %s at commit %.12s: give another --name,"
                  + " because collections are bound to their model")
              .formatted(
                  folder,
                  pins.graph(),
                  pins.repo(),
                  pins.commit(),
                  model.graph().path(),
                  wanted.repo(),
                  listing.commit()));
    }
    pins.verify(folder);
    for (Pins.Pin pin : pins.files()) {
      Optional<String> stated = listing.file(pin.path()).flatMap(HubFile::sha256);
      if (stated.isPresent() && !stated.get().equals(pin.sha256())) {
        throw new CommandFailure(
            ExitCode.FAILED,
            "SHA256_MISMATCH",
            "%s was pulled with SHA-256 %s, but the hub now states %s for the same commit"
                .formatted(pin.path(), pin.sha256(), stated.get()));
      }
    }
    return new Pulled(folder, pins, false);
  }
}
