package dev.lookalike.embed.model.runtime;

import dev.lookalike.embed.model.ModelRefusedException;
import dev.lookalike.embed.model.folder.FolderState;
import dev.lookalike.embed.model.folder.ModelFolder;
import dev.lookalike.proto.image.v1.ModelReference;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The models of this instance: those that it serves and those that it refused. Folders may come and
 * be mended while it runs; a model that is served stays as it was loaded. Thread-safe for readers;
 * {@link #look} is for one thread.
 */
public final class Models implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Models.class);

  private final int threads;
  private final Devices devices;

  /** In the order of the settings, then as they came. Replaced as a whole. */
  private volatile List<Entry> entries;

  /** A folder that is not served, and why. */
  public record Refused(String folder, String reason) {}

  /**
   * @param state of the files when they were read
   * @param lasting whether the files are there after loading
   * @param reason why it is refused, or what became of the files of one that is served
   */
  private record Entry(
      Path folder,
      FolderState state,
      boolean lasting,
      Optional<OnnxModel> model,
      Optional<String> reason) {
    Entry with(FolderState now, Optional<String> why) {
      return new Entry(folder, now, lasting, model, why);
    }
  }

  private Models(int threads, Devices devices) {
    this.threads = threads;
    this.devices = devices;
    this.entries = List.of();
  }

  /** On the CPU, all from folders that stay. */
  public static Models load(List<Path> folders, int threads) {
    return load(folders, Optional.empty(), Devices.cpu(), threads);
  }

  /**
   * Loads every folder; a model that cannot be served leaves the others going.
   *
   * @param folders the first is the default
   * @param builtIn served behind them, from a folder that does not stay
   * @param threads of one run
   */
  public static Models load(
      List<Path> folders, Optional<Path> builtIn, Devices devices, int threads) {
    Models models = new Models(threads, devices);
    folders.forEach(folder -> models.add(folder, FolderState.of(folder), true));
    builtIn.ifPresent(folder -> models.add(folder, FolderState.of(folder), false));
    return models;
  }

  private void add(Path folder, FolderState state, boolean lasting) {
    List<Entry> more = new ArrayList<>(entries);
    more.add(loaded(folder, state, lasting));
    entries = List.copyOf(more);
  }

  private Entry loaded(Path folder, FolderState state, boolean lasting) {
    try {
      long start = System.nanoTime();
      OnnxModel model = OnnxModel.load(folder, threads, devices);
      ModelReference reference = model.reference();
      if (named(reference.getId()).isPresent()) {
        model.close();
        throw new ModelRefusedException("id", "an id of its own", reference.getId() + " again");
      }
      LOG.infof(
          "model %s: digest %s, preprocessing %s, dimension %d of %s (%s), %s, %d classes, on %s,"
              + " loaded in %d ms",
          reference.getId(),
          abbreviated(reference.getDigest()),
          reference.getPreprocessingVersion(),
          reference.getDimension(),
          model.embeddingOutput(),
          model.pooling(),
          model.inputType(),
          model.classes(),
          model.device(),
          (System.nanoTime() - start) / 1_000_000);
      return new Entry(folder, state, lasting, Optional.of(model), Optional.empty());
    } catch (ModelRefusedException e) {
      LOG.errorf("model %s is not served: %s", folder, e.getMessage());
      return new Entry(
          folder, state, lasting, Optional.empty(), Optional.of(String.valueOf(e.getMessage())));
    }
  }

  /**
   * Looks at the files: loads folders that came, tries refused ones again that changed, and says of
   * served ones that they changed.
   *
   * @param directory of folders; need not be there
   * @return whether more is served than before
   */
  public boolean look(Optional<Path> directory) {
    List<Entry> now = new ArrayList<>();
    boolean more = false;
    for (Entry entry : entries) {
      if (!entry.lasting()) {
        now.add(entry);
        continue;
      }
      FolderState state = FolderState.of(entry.folder());
      if (state.equals(entry.state()) || !state.isSettled()) {
        now.add(entry);
      } else if (entry.model().isPresent()) {
        now.add(entry.with(state, changed(entry.folder(), entry.model().get())));
      } else if (state.isThere()) {
        Entry again = loaded(entry.folder(), state, true);
        more |= again.model().isPresent();
        now.add(again);
      } else if (!directory.map(each -> each.equals(entry.folder().getParent())).orElse(false)) {
        now.add(entry.with(state, Optional.of("the folder is gone")));
      }
    }
    entries = List.copyOf(now);
    for (Path folder : directory.map(Models::foldersIn).orElse(List.of())) {
      FolderState state = FolderState.of(folder);
      boolean known = entries.stream().anyMatch(entry -> same(entry.folder(), folder));
      if (!known && state.isThere() && state.isSettled()) {
        add(folder, state, true);
        more |= entries.getLast().model().isPresent();
      }
    }
    return more;
  }

  private static boolean same(Path a, Path b) {
    return a.toAbsolutePath().normalize().equals(b.toAbsolutePath().normalize());
  }

  private static List<Path> foldersIn(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(directory)) {
      return folders
          .filter(folder -> !String.valueOf(folder.getFileName()).startsWith("."))
          .filter(Files::isDirectory)
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException e) {
      LOG.warnf("models of %s cannot be listed: %s", directory, e.getMessage());
      return List.of();
    }
  }

  /** What became of the files of a served model; empty where they are what is served. */
  private static Optional<String> changed(Path folder, OnnxModel served) {
    ModelReference reference = served.reference();
    Optional<String> reason;
    try (Arena arena = Arena.ofConfined()) {
      String digest = ModelFolder.read(folder, arena, arena).digest();
      reason =
          digest.equals(reference.getDigest())
              ? Optional.empty()
              : Optional.of(
                  "its files hold other weights by now, digest %s; what was loaded, digest %s, is served until a restart"
                      .formatted(abbreviated(digest), abbreviated(reference.getDigest())));
    } catch (ModelRefusedException e) {
      reason =
          Optional.of(
              "its files cannot be loaded any more: %s; what was loaded is served until a restart"
                  .formatted(e.getMessage()));
    }
    reason.ifPresent(text -> LOG.warnf("model %s: %s", reference.getId(), text));
    return reason;
  }

  private static String abbreviated(String digest) {
    return digest.substring(0, Math.min(12, digest.length()));
  }

  /** Where they run, as it was asked for and found. */
  public Devices devices() {
    return devices;
  }

  /** In the order of the settings. */
  public List<OnnxModel> served() {
    return entries.stream().flatMap(entry -> entry.model().stream()).toList();
  }

  public List<Refused> refused() {
    return entries.stream()
        .filter(entry -> entry.model().isEmpty())
        .map(entry -> new Refused(entry.folder().toString(), entry.reason().orElse("")))
        .toList();
  }

  /** What became of the files of a served model since it was loaded. */
  public Optional<String> change(OnnxModel served) {
    return entries.stream()
        .filter(entry -> entry.model().equals(Optional.of(served)))
        .findFirst()
        .flatMap(Entry::reason);
  }

  /** The model with these weights and this preprocessing, whatever it is called. */
  public Optional<OnnxModel> find(ModelReference wanted) {
    return served().stream()
        .filter(
            model ->
                model.reference().getDigest().equals(wanted.getDigest())
                    && model
                        .reference()
                        .getPreprocessingVersion()
                        .equals(wanted.getPreprocessingVersion()))
        .findFirst();
  }

  /**
   * The model of an id; of the empty string the first one that was given, and no other where that
   * one was refused, since a binding stays.
   */
  public Optional<OnnxModel> named(String id) {
    if (id.isEmpty()) {
      return entries.isEmpty() ? Optional.empty() : entries.getFirst().model();
    }
    return served().stream().filter(model -> model.reference().getId().equals(id)).findFirst();
  }

  @Override
  public void close() {
    served().forEach(OnnxModel::close);
  }
}
