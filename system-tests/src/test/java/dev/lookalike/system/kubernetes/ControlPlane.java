package dev.lookalike.system.kubernetes;

import dev.lookalike.broker.FreePorts;
import dev.lookalike.engines.Attempt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real API server of Kubernetes with its etcd, of {@code scripts/engines control-plane}, as
 * children on loopback, and a kubectl that is its administrator. It judges and keeps what it is
 * given: no controller acts on it, and no kubelet runs a pod. Not thread-safe.
 */
final class ControlPlane implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(120);
  private static final Duration ANSWER = Duration.ofSeconds(120);
  private static final long STOP_SECONDS = 10;

  /** What one runs. */
  record Programs(Path controlPlane, Path kubectl) {

    static Attempt<Programs> find() {
      Optional<Path> controlPlane = Installed.engine("control-plane");
      Optional<Path> kubectl = Installed.engine("kubectl").or(() -> Installed.onPath("kubectl"));
      if (controlPlane.isEmpty()) {
        return new Attempt.Missing<>("`scripts/engines control-plane` has not installed it");
      }
      if (kubectl.isEmpty()) {
        return new Attempt.Missing<>("`scripts/engines kubectl` has not installed a kubectl");
      }
      return new Attempt.Found<>(new Programs(controlPlane.get(), kubectl.get()));
    }

    /** Definitions of resources, from the modules of operators. */
    Path definitions() {
      return controlPlane.resolveSibling("crds");
    }
  }

  /**
   * What kubectl said.
   *
   * @param code 0 when all was taken
   * @param err errors, and warnings of the server
   */
  record Answer(int code, String out, String err) {
    /** The lines of the output. */
    List<String> lines() {
      return out.lines().toList();
    }
  }

  private final Programs programs;
  private final Path directory;
  private final Process etcd;
  private final Process server;

  private ControlPlane(Programs programs, Path directory, Process etcd, Process server) {
    this.programs = programs;
    this.directory = directory;
    this.etcd = etcd;
    this.server = server;
  }

  /**
   * A new one, without anything of ours, that answers.
   *
   * @param directory empty, for all that it writes
   * @throws IllegalStateException with its own words when it does not come up
   */
  static ControlPlane start(Programs programs, Path directory)
      throws IOException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      try {
        return launch(programs, Files.createDirectory(directory.resolve("attempt-" + attempt)));
      } catch (IllegalStateException e) {
        // A port may have been lost.
        if (attempt == 3) {
          throw e;
        }
      }
    }
  }

  private static ControlPlane launch(Programs programs, Path directory)
      throws IOException, InterruptedException {
    String store = "http://127.0.0.1:" + FreePorts.next();
    String peers = "http://127.0.0.1:" + FreePorts.next();
    int port = FreePorts.next();
    String token = UUID.randomUUID().toString();
    Path tokens = directory.resolve("tokens.csv");
    Files.writeString(tokens, token + ",administrator,administrator,system:masters\n");
    Path key = directory.resolve("service-accounts.pem");
    Files.writeString(key, privateKey());
    Path certificates = directory.resolve("certificates");
    kubeconfig(
        directory, "https://127.0.0.1:" + port, certificates.resolve("apiserver.crt"), token);
    Process etcd =
        child(
            programs,
            directory,
            "etcd",
            "--data-dir=" + directory.resolve("etcd"),
            "--listen-client-urls=" + store,
            "--advertise-client-urls=" + store,
            "--listen-peer-urls=" + peers,
            "--initial-advertise-peer-urls=" + peers,
            "--initial-cluster=default=" + peers,
            // It is thrown away with the test.
            "--unsafe-no-fsync",
            "--log-level=warn");
    Process server =
        child(
            programs,
            directory,
            "kube-apiserver",
            "--etcd-servers=" + store,
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--secure-port=" + port,
            "--cert-dir=" + certificates,
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=" + key,
            "--service-account-signing-key-file=" + key,
            "--service-cluster-ip-range=10.0.0.0/16",
            "--token-auth-file=" + tokens,
            "--authorization-mode=RBAC",
            // As clusters have it: what may be privileged each namespace says.
            "--allow-privileged=true");
    ControlPlane started = new ControlPlane(programs, directory, etcd, server);
    try {
      started.awaitReady();
    } catch (RuntimeException | IOException | InterruptedException e) {
      started.close();
      throw e;
    }
    return started;
  }

  private static Process child(Programs programs, Path directory, String name, String... flags)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(programs.controlPlane.toString(), name));
    command.addAll(List.of(flags));
    // It ends when its standard input does, which is a pipe from here.
    return new ProcessBuilder(command)
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve(name + ".log").toFile())
        .start();
  }

  /** Signs tokens of service accounts; PKCS #8 in PEM. */
  private static String privateKey() {
    try {
      byte[] key = KeyPairGenerator.getInstance("RSA").generateKeyPair().getPrivate().getEncoded();
      return "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n"
          .formatted(Base64.getMimeEncoder().encodeToString(key));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void kubeconfig(Path directory, String server, Path certificate, String token)
      throws IOException {
    Files.writeString(
        directory.resolve("kubeconfig"),
        """
        apiVersion: v1
        kind: Config
        clusters:
          - {name: test, cluster: {server: "%s", certificate-authority: "%s"}}
        users:
          - {name: test, user: {token: "%s"}}
        contexts:
          - {name: test, context: {cluster: test, user: test}}
        current-context: test
        """
            .formatted(server, certificate, token));
  }

  private void awaitReady() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    Answer answer = kubectl("get", "--raw=/readyz");
    while (answer.code != 0) {
      if (!etcd.isAlive() || !server.isAlive() || System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "the control plane does not start: %s%n%s%n%s"
                .formatted(answer.err, log("etcd"), log("kube-apiserver")));
      }
      Thread.sleep(250);
      answer = kubectl("get", "--raw=/readyz");
    }
  }

  private String log(String name) throws IOException {
    return Files.readString(directory.resolve(name + ".log"));
  }

  /** What kubectl says to it. */
  Answer kubectl(String... arguments) throws IOException, InterruptedException {
    Path out = Files.createTempFile(directory, "kubectl", ".out");
    Path err = Files.createTempFile(directory, "kubectl", ".err");
    List<String> command =
        Stream.concat(
                Stream.of(
                    programs.kubectl.toString(),
                    "--kubeconfig=" + directory.resolve("kubeconfig"),
                    "--cache-dir=" + directory.resolve("cache")),
                Stream.of(arguments))
            .toList();
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    process.getOutputStream().close();
    try {
      if (!process.waitFor(ANSWER.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException(
            "kubectl takes longer than %s: %s".formatted(ANSWER, List.of(arguments)));
      }
      return new Answer(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      process.destroyForcibly();
    }
  }

  /** Ends it; what it kept stays in its directory. Idempotent. */
  @Override
  public void close() {
    // The server first, which else complains of its store.
    for (Process process : List.of(server, etcd)) {
      try {
        process.getOutputStream().close();
        if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (IOException e) {
        process.destroyForcibly();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        process.destroyForcibly();
      }
    }
  }
}
