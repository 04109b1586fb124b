package dev.lookalike.embed.model;

import dev.lookalike.proto.image.v1.ModelReference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;

/** The models that were given to this instance: those that it serves and those that it refused. */
public final class Models implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Models.class);

  private final List<OnnxModel> served;
  private final Optional<OnnxModel> first;
  private final List<Refused> refused;

  /** A folder that is not served, and why. */
  public record Refused(String folder, String reason) {}

  private Models(List<OnnxModel> served, Optional<OnnxModel> first, List<Refused> refused) {
    this.first = first;
    this.served = List.copyOf(served);
    this.refused = List.copyOf(refused);
  }

  /**
   * Loads every folder; a model that cannot be served leaves the others going.
   *
   * @param folders the first is the default
   * @param threads of one run
   */
  public static Models load(List<Path> folders, int threads) {
    List<OnnxModel> served = new ArrayList<>();
    List<Refused> refused = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (Path folder : folders) {
      try {
        long start = System.nanoTime();
        OnnxModel model = OnnxModel.load(folder, threads);
        ModelReference reference = model.reference();
        if (!ids.add(reference.getId())) {
          model.close();
          throw new ModelRefusedException("id", "an id of its own", reference.getId() + " again");
        }
        served.add(model);
        LOG.infof(
            "model %s: digest %s, preprocessing %s, dimension %d, %d classes, loaded in %d ms",
            reference.getId(),
            reference.getDigest().substring(0, 12),
            reference.getPreprocessingVersion(),
            reference.getDimension(),
            model.classes(),
            (System.nanoTime() - start) / 1_000_000);
      } catch (ModelRefusedException e) {
        LOG.errorf("model %s is not served: %s", folder, e.getMessage());
        refused.add(new Refused(folder.toString(), String.valueOf(e.getMessage())));
      }
    }
    boolean firstIsServed =
        refused.stream().noneMatch(each -> each.folder().equals(folders.getFirst().toString()));
    return new Models(
        served, firstIsServed ? Optional.of(served.getFirst()) : Optional.empty(), refused);
  }

  /** In the order of the settings. */
  public List<OnnxModel> served() {
    return served;
  }

  public List<Refused> refused() {
    return refused;
  }

  /** The model with these weights and this preprocessing, whatever it is called. */
  public Optional<OnnxModel> find(ModelReference wanted) {
    return served.stream()
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
      return first;
    }
    return served.stream().filter(model -> model.reference().getId().equals(id)).findFirst();
  }

  @Override
  public void close() {
    served.forEach(OnnxModel::close);
  }
}
