package dev.lookalike.cli.keys;

import dev.lookalike.access.AccessKey;
import dev.lookalike.access.Grant;
import dev.lookalike.access.KeyFile;
import dev.lookalike.access.KeyText;
import dev.lookalike.access.Role;
import dev.lookalike.cli.home.Home;
import dev.lookalike.cli.terminal.CommandFailure;
import dev.lookalike.cli.terminal.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The keys of a home: the file of all keys, and the secrets of two keys, readable only by the
 * home's owner, which the commands and services of this machine use. A home without the file
 * requires no keys.
 */
public final class HomeKeys {

  /** One of the two keys that belong to the home itself. */
  enum Own {
    /** The commands of this machine. */
    COMMANDS("admin.key", "commands of this machine", Role.ADMIN),
    /** The services among themselves. */
    SERVICES("service.key", "services of this machine", Role.READER);

    private final String file;
    private final String title;
    private final Role role;

    Own(String file, String title, Role role) {
      this.file = file;
      this.title = title;
      this.role = role;
    }
  }

  private final Path directory;

  public HomeKeys(Home home) {
    this.directory = home.access();
  }

  /** The file of all keys; it may not exist. */
  public Path file() {
    return directory.resolve("keys.json");
  }

  /** Whether this home requires keys. */
  public boolean inUse() {
    return Files.exists(file());
  }

  /** The key that the services of this home send each other. */
  public Path serviceKeyFile() {
    return directory.resolve(Own.SERVICES.file);
  }

  /** The key that the owner's commands use; empty for anyone else. */
  public Optional<String> commandKey() {
    return secret(Own.COMMANDS).map(KeyText::secret);
  }

  private Optional<KeyText> secret(Own own) {
    try {
      return KeyText.read(Files.readString(directory.resolve(own.file)).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Makes sure that the home's own keys exist and are valid, for example after a restore. */
  public void complete() {
    if (!inUse()) {
      return;
    }
    try (KeyFile.Turn turn = turn(file())) {
      List<AccessKey> keys = read(file());
      List<AccessKey> completed = completed(keys);
      if (!completed.equals(keys)) {
        write(completed);
      }
    }
  }

  /** Adds a key; with the first, the home starts to require keys. */
  void add(AccessKey key) {
    makeDirectory();
    try (KeyFile.Turn turn = turn(file())) {
      List<AccessKey> keys = new ArrayList<>(completed(inUse() ? read(file()) : List.of()));
      keys.add(key);
      write(keys);
    }
  }

  /**
   * Removes a key. If it is one of the home's own, that gets a new secret.
   *
   * @return false if no key has this id
   */
  boolean remove(String id) {
    if (!inUse()) {
      return false;
    }
    try (KeyFile.Turn turn = turn(file())) {
      List<AccessKey> keys = new ArrayList<>(read(file()));
      if (!keys.removeIf(key -> key.id().equals(id))) {
        return false;
      }
      write(completed(keys));
      return true;
    }
  }

  private List<AccessKey> completed(List<AccessKey> keys) {
    List<AccessKey> all = new ArrayList<>(keys);
    for (Own own : Own.values()) {
      Optional<KeyText> secret = secret(own);
      boolean counts =
          secret.isPresent()
              && keys.stream().anyMatch(key -> key.sha256().equals(secret.get().sha256()));
      if (!counts) {
        secret.ifPresent(old -> all.removeIf(key -> key.id().equals(old.id())));
        all.removeIf(key -> key.name().equals(own.title));
        KeyText made = KeyText.random();
        writePrivately(own.file, made.secret() + "\n");
        all.add(
            AccessKey.of(
                made,
                own.title,
                List.of(new Grant(Grant.ALL, own.role)),
                Instant.now().truncatedTo(ChronoUnit.SECONDS),
                Optional.empty()));
      }
    }
    return all;
  }

  private void write(List<AccessKey> keys) {
    writePrivately(file().getFileName().toString(), KeyFile.text(keys));
  }

  private void makeDirectory() {
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  /** Waits until no other command changes the key file. */
  static KeyFile.Turn turn(Path file) {
    try {
      return KeyFile.turn(file);
    } catch (IOException e) {
      throw unwritable(file, e);
    }
  }

  private void writePrivately(String name, String text) {
    try {
      KeyFile.writePrivately(directory.resolve(name), text);
    } catch (IOException e) {
      throw unwritable(directory.resolve(name), e);
    }
  }

  static CommandFailure unwritable(Path file, IOException e) {
    return new CommandFailure(
        ExitCode.FAILED, "FILE_UNWRITABLE", "cannot write " + file + ": " + e.getMessage());
  }

  /** The keys of a file. */
  static List<AccessKey> read(Path file) {
    try {
      return KeyFile.read(file);
    } catch (KeyFile.UnusableException e) {
      throw new CommandFailure(
          ExitCode.FAILED, "KEYS_UNUSABLE", file + " cannot be used: " + e.reason());
    }
  }

  /** The key in a file given by the user. */
  public static String given(Path file) {
    try {
      return requireKey("--key-file " + file, Files.readString(file));
    } catch (NoSuchFileException e) {
      throw new CommandFailure(ExitCode.USAGE, "KEY_FILE", "no such file: " + file);
    } catch (IOException e) {
      throw new CommandFailure(ExitCode.USAGE, "KEY_FILE", "cannot read " + file);
    }
  }

  /**
   * The key in a text, without surrounding white space.
   *
   * @param where source of the text, for messages; the text itself is never shown
   */
  public static String requireKey(String where, String text) {
    return KeyText.read(text.strip())
        .map(KeyText::secret)
        .orElseThrow(
            () ->
                new CommandFailure(
                    ExitCode.USAGE, "NO_KEY", where + " holds no key; keys look like lk_..."));
  }
}
