package dev.lookalike.engines;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * A certificate authority for tests, with a certificate for {@code server} (127.0.0.1, localhost)
 * and one for {@code client}, made with the JDK's keytool.
 *
 * @param folder of the files, in PEM and as PKCS12 with {@link #PASSWORD}
 */
public record Certificates(Path folder) {
  /** Password of the key stores; it protects nothing. */
  public static final String PASSWORD = "only-for-tests";

  private static final List<String> HOLDERS = List.of("server", "client");

  /** Makes the certificates in a folder, which is created if missing. */
  public static Certificates make(Path folder) throws IOException {
    Certificates certificates = new Certificates(Files.createDirectories(folder));
    Path store = folder.resolve("all.p12");
    keytool(store, "ca", "-ext", "bc:c");
    for (String holder : HOLDERS) {
      keytool(store, holder, "-signer", "ca", "-ext", "SAN=IP:127.0.0.1,DNS:localhost");
    }
    try (InputStream in = Files.newInputStream(store)) {
      KeyStore all = KeyStore.getInstance("PKCS12");
      all.load(in, PASSWORD.toCharArray());
      write(certificates.authority(), "CERTIFICATE", all.getCertificate("ca").getEncoded());
      for (String holder : HOLDERS) {
        Certificate[] chain = all.getCertificateChain(holder);
        write(certificates.certificate(holder), "CERTIFICATE", chain[0].getEncoded());
        write(
            certificates.key(holder),
            "PRIVATE KEY",
            all.getKey(holder, PASSWORD.toCharArray()).getEncoded());
        certificates.writeStore(holder, all);
      }
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
    Files.delete(store);
    return certificates;
  }

  /** Certificate of the authority, in PEM. */
  public Path authority() {
    return folder.resolve("ca.pem");
  }

  /** Certificate of a holder, in PEM. */
  public Path certificate(String holder) {
    return folder.resolve(holder + ".pem");
  }

  /** Key of a holder, in PEM (PKCS8). */
  public Path key(String holder) {
    return folder.resolve(holder + ".key");
  }

  /** Key and certificate of a holder, in PKCS12. */
  public Path store(String holder) {
    return folder.resolve(holder + ".p12");
  }

  private void writeStore(String holder, KeyStore all)
      throws IOException, GeneralSecurityException {
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry(
        holder,
        all.getKey(holder, PASSWORD.toCharArray()),
        PASSWORD.toCharArray(),
        all.getCertificateChain(holder));
    try (var out = Files.newOutputStream(store(holder))) {
      own.store(out, PASSWORD.toCharArray());
    }
  }

  private static void write(Path file, String kind, byte[] encoded) throws IOException {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
    Files.writeString(
        file, "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n");
  }

  private static void keytool(Path store, String alias, String... more) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-genkeypair", "-alias", alias, "-keyalg", "EC", "-validity", "30"));
    command.addAll(List.of("-dname", "CN=" + alias));
    command.addAll(List.of("-keystore", store.toString(), "-storetype", "PKCS12"));
    command.addAll(List.of("-storepass", PASSWORD));
    command.addAll(Arrays.asList(more));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (InputStream said = process.getInputStream()) {
      String words = new String(said.readAllBytes(), UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException(words);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
