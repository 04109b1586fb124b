package dev.lookalike.imaging.opencv;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Silences what OpenCV and its TIFF decoder write to standard error about bad files: whoever
 * uploads could fill the log. Failures are told by {@link CodecException}. libjpeg does not go
 * through OpenCV's log: it still writes one line, of its own words and numbers, for a damaged JPEG.
 */
final class NativeLog {
  /** {@code cv::utils::logging::setLogLevel(LogLevel)}; JavaCPP's presets do not have it. */
  private static final String SET_LOG_LEVEL = "_ZN2cv5utils7logging11setLogLevelENS1_8LogLevelE";

  /** {@code LOG_LEVEL_SILENT} of opencv2/core/utils/logger.defines.hpp. */
  private static final int SILENT = 0;

  static {
    // Costs a tenth of a second, so it happens with the first decode and not at start.
    find().ifPresent(NativeLog::silence);
  }

  private NativeLog() {}

  /** Idempotent and thread-safe. The libraries must be loaded. */
  static void silence() {
    // The static initializer did.
  }

  /**
   * Empty where the libraries were loaded by another class loader of the process, which then also
   * silenced them, or where their compiler had other names.
   */
  private static Optional<MemorySegment> find() {
    return SymbolLookup.loaderLookup().find(SET_LOG_LEVEL);
  }

  private static void silence(MemorySegment setLogLevel) {
    MethodHandle handle =
        Linker.nativeLinker()
            .downcallHandle(
                setLogLevel, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try {
      int before = (int) handle.invokeExact(SILENT);
      assert before >= SILENT;
    } catch (Throwable e) {
      throw new LinkageError("cannot silence OpenCV", e);
    }
  }
}
