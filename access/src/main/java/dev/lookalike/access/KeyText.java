package dev.lookalike.access;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A key as its holder has it: {@code lk_<id>_<secret>}, the id 60 and the secret 260 random bits in
 * lower-case base32. The id is public. Only the holder knows the secret: the file stores the
 * SHA-256 of the whole text. With that many bits a fast hash is safe against search.
 */
public final class KeyText {
  private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
  private static final int ID_LENGTH = 12;
  private static final int SECRET_LENGTH = 52;
  private static final Pattern FORM =
      Pattern.compile("lk_([a-z2-7]{" + ID_LENGTH + "})_[a-z2-7]{" + SECRET_LENGTH + "}");
  private static final Pattern ID = Pattern.compile("[a-z2-7]{" + ID_LENGTH + "}");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String text;
  private final String id;

  private KeyText(String text, String id) {
    this.text = text;
    this.id = id;
  }

  /** A new random key. */
  public static KeyText random() {
    String id = random(ID_LENGTH);
    return new KeyText("lk_" + id + "_" + random(SECRET_LENGTH), id);
  }

  private static String random(int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append(ALPHABET.charAt(RANDOM.nextInt(ALPHABET.length())));
    }
    return text.toString();
  }

  /** Reads a key; empty if the text is not one. */
  public static Optional<KeyText> read(String text) {
    Matcher form = FORM.matcher(text);
    return form.matches() ? Optional.of(new KeyText(text, form.group(1))) : Optional.empty();
  }

  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  public String id() {
    return id;
  }

  /** The whole key: a secret. */
  public String secret() {
    return text;
  }

  /** SHA-256 of the whole key, 64 hex digits. */
  public String sha256() {
    return HexFormat.of().formatHex(digest());
  }

  /** Whether this key has the hash, in constant time. */
  boolean hasSha256(String hex) {
    return MessageDigest.isEqual(digest(), HexFormat.of().parseHex(hex));
  }

  private byte[] digest() {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(US_ASCII));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Without the secret, so that it may be logged. */
  @Override
  public String toString() {
    return "lk_" + id + "_...";
  }
}
