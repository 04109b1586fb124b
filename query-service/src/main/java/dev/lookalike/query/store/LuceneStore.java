package dev.lookalike.query.store;

import dev.lookalike.log.RegistryView;
import dev.lookalike.proto.events.v1.Build;
import dev.lookalike.proto.events.v1.Collection;
import dev.lookalike.query.index.IndexException;
import dev.lookalike.query.index.VectorIndex;
import dev.lookalike.query.index.lucene.LuceneIndex;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * Indexes of Lucene: a directory for each collection, in it one for each build, named by its id. An
 * index that was made beside another is {@code <build>.<when>}; the file {@code <build>.current}
 * names the one that answers. A damaged one is moved aside, to {@code <directory>.damaged}.
 *
 * <p>Remembers no index: an index knows its directory, so one that is given up leaves nothing here.
 */
public final class LuceneStore implements IndexStore {
  private static final Logger LOG = Logger.getLogger(LuceneStore.class);
  private static final Pattern GENERATION = Pattern.compile("[a-z0-9]{1,64}(\\.[a-z0-9]{1,16})?");
  private static final Pattern KEPT = Pattern.compile(GENERATION + "(\\.damaged)?");
  private static final String CURRENT = ".current";
  private static final int RADIX = 36;

  private final IndexSettings settings;
  private final LongSupplier clock;

  /** When an index was last made beside another, in milliseconds: no two have the same name. */
  private final AtomicLong lastMade = new AtomicLong();

  public LuceneStore(IndexSettings settings) {
    this(settings, System::currentTimeMillis);
  }

  /**
   * @param clock as {@link System#currentTimeMillis}
   */
  LuceneStore(IndexSettings settings, LongSupplier clock) {
    this.settings = settings;
    this.clock = clock;
  }

  @Override
  public VectorIndex open(Collection collection, Build build) {
    return open(current(collection, build), build);
  }

  private LuceneIndex open(Path path, Build build) {
    return LuceneIndex.open(path, build.getModel().getDimension(), settings.exactBelow());
  }

  @Override
  public VectorIndex openNext(Collection collection, Build build) {
    long now = clock.getAsLong();
    long made = lastMade.updateAndGet(last -> Math.max(last + 1, now));
    return open(
        directory(collection).resolve(build.getId() + "." + Long.toString(made, RADIX)), build);
  }

  @Override
  public void promote(Collection collection, Build build, VectorIndex next) {
    Path directory = directory(collection);
    if (!(next instanceof LuceneIndex made)
        || !directory.equals(made.path().getParent())
        || !buildOf(made.path()).equals(build.getId())) {
      throw new IllegalArgumentException("not an index of build " + build.getId());
    }
    next.commit();
    try {
      Path written = directory.resolve(build.getId() + CURRENT + ".new");
      Files.writeString(written, made.path().getFileName().toString());
      Files.move(written, pointer(collection, build), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new IndexException(
          IndexException.Kind.UNAVAILABLE, "the new index cannot take its place: " + e, e);
    }
  }

  @Override
  public void deleteOthers(Collection collection, Build build) {
    Path current = current(collection, build);
    for (Path each : directoriesIn(directory(collection))) {
      if (buildOf(each).equals(build.getId()) && !each.equals(current)) {
        delete(each);
      }
    }
  }

  @Override
  public boolean isOutdated(VectorIndex index) {
    return false;
  }

  @Override
  public boolean isCurrent(Collection collection, Build build, VectorIndex index) {
    return index instanceof LuceneIndex open && open.path().equals(current(collection, build));
  }

  @Override
  public void delete(Collection collection, Build build) {
    delete(current(collection, build));
  }

  @Override
  public boolean writes() {
    return true;
  }

  @Override
  public Optional<String> away() {
    return Optional.empty();
  }

  @Override
  public void sweep(RegistryView view, Deletion deletion) {
    Set<String> deleted =
        view.deleted().stream().map(RegistryView.Deleted::id).collect(Collectors.toSet());
    Set<String> known =
        view.collections().stream()
            .map(state -> state.collection().getId())
            .collect(Collectors.toSet());
    for (Path ofCollection : directoriesIn(settings.directory())) {
      String collectionId = ofCollection.getFileName().toString();
      if (!deleted.contains(collectionId) && !known.contains(collectionId)) {
        continue;
      }
      for (Path ofBuild : directoriesIn(ofCollection)) {
        deletion.unlessFollowed(collectionId, buildOf(ofBuild), () -> delete(ofBuild));
      }
      if (deleted.contains(collectionId)) {
        delete(ofCollection);
      }
    }
  }

  @Override
  public void close() {}

  private static String buildOf(Path directory) {
    return directory.getFileName().toString().replaceFirst("\\..*", "");
  }

  private static List<Path> directoriesIn(Path parent) {
    if (!Files.isDirectory(parent)) {
      return List.of();
    }
    try (Stream<Path> inside = Files.list(parent)) {
      return inside
          .filter(Files::isDirectory)
          .filter(each -> KEPT.matcher(each.getFileName().toString()).matches())
          .toList();
    } catch (IOException | UncheckedIOException e) {
      LOG.warnf("%s cannot be listed: %s", parent, e);
      return List.of();
    }
  }

  private static void delete(Path directory) {
    try {
      LuceneIndex.delete(directory);
      LOG.infof("deleted %s", directory);
    } catch (IOException e) {
      LOG.errorf("%s cannot be deleted: %s", directory, e);
    }
  }

  private Path directory(Collection collection) {
    return settings.directory().resolve(collection.getId());
  }

  private Path pointer(Collection collection, Build build) {
    return directory(collection).resolve(build.getId() + CURRENT);
  }

  private Path current(Collection collection, Build build) {
    Path pointer = pointer(collection, build);
    try {
      if (Files.exists(pointer)) {
        String name = Files.readString(pointer).strip();
        if (GENERATION.matcher(name).matches() && buildOf(Path.of(name)).equals(build.getId())) {
          return directory(collection).resolve(name);
        }
        LOG.errorf("%s does not name an index of its build; it is ignored", pointer);
      }
    } catch (IOException e) {
      throw new IndexException(
          IndexException.Kind.UNAVAILABLE, pointer + " cannot be read: " + e, e);
    }
    return directory(collection).resolve(build.getId());
  }
}
