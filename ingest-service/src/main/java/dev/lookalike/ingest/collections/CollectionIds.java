package dev.lookalike.ingest.collections;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lookalike.log.RegistryView;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;

/** Ids of new collections: {@value #LENGTH} small letters and digits, never used again. */
final class CollectionIds {
  /**
   * The id of the {@code default} collection that a first start creates, and of those that follow
   * when it is deleted or renamed: counted, so that instances that start together create one and
   * the same.
   */
  private static final String DEFAULT_ID = "default%05d";

  private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
  private static final int LENGTH = 12;
  private static final SecureRandom RANDOM = new SecureRandom();

  private CollectionIds() {}

  static String random() {
    return id(index -> RANDOM.nextInt(ALPHABET.length()));
  }

  /**
   * An id made of the name. Where an operator creates the topics, the id must be the same when the
   * creation is asked for again.
   */
  static String ofName(String name, RegistryView view) {
    return firstUnused(
        view,
        number -> {
          byte[] hash = hash(name + "/" + number);
          return id(index -> Byte.toUnsignedInt(hash[index]) % ALPHABET.length());
        });
  }

  /** The id of the next collection {@code default}. */
  static String ofDefault(RegistryView view) {
    return firstUnused(view, DEFAULT_ID::formatted);
  }

  private static String firstUnused(RegistryView view, IntFunction<String> ids) {
    Set<String> used = new HashSet<>();
    view.collections().forEach(state -> used.add(state.collection().getId()));
    view.deleted().forEach(deleted -> used.add(deleted.id()));
    view.late().forEach(late -> used.add(late.collection().getId()));
    int number = 1;
    while (used.contains(ids.apply(number))) {
      number++;
    }
    return ids.apply(number);
  }

  private static byte[] hash(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String id(IntUnaryOperator letters) {
    StringBuilder id = new StringBuilder();
    for (int i = 0; i < LENGTH; i++) {
      id.append(ALPHABET.charAt(letters.applyAsInt(i)));
    }
    return id.toString();
  }
}
