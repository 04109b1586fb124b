package dev.lookalike.engines;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes down each class that was skipped as a whole, before its tests: Maven's reports then have
 * neither the tests nor the reason. {@code scripts/Skipped.java} reads the files: {@code
 * target/skipped/CLASS}, the number of tests in the first line, the reason in the rest. A
 * parameterised test counts once. JUnit finds this listener by itself.
 */
public final class SkippedClasses implements TestExecutionListener {
  private static final Path FOLDER = Path.of("target/skipped");

  private @Nullable TestPlan plan;

  @Override
  public void testPlanExecutionStarted(TestPlan plan) {
    this.plan = plan;
  }

  @Override
  public void executionSkipped(TestIdentifier identifier, String reason) {
    if (identifier.isContainer()) {
      write(identifier, reason);
    }
  }

  @Override
  public void executionFinished(TestIdentifier identifier, TestExecutionResult result) {
    if (identifier.isContainer() && result.getStatus() == TestExecutionResult.Status.ABORTED) {
      write(identifier, result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
    }
  }

  private void write(TestIdentifier skipped, String reason) {
    long tests =
        Objects.requireNonNull(plan).getDescendants(skipped).stream()
            .filter(each -> each.getSource().filter(MethodSource.class::isInstance).isPresent())
            .count();
    try {
      Files.createDirectories(FOLDER);
      Files.writeString(
          FOLDER.resolve(skipped.getLegacyReportingName()), tests + "\n" + reason + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
