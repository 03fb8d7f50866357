package io.ablate.ort;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.ablate.base.AblateException;
import io.ablate.base.Problem;
import io.ablate.forward.OrtNatives;
import io.ablate.nativelib.BundledLibrary;
import io.ablate.nativelib.LibraryUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import org.jspecify.annotations.Nullable;

/**
 * The C interface of the ONNX Runtime that this process computes with. Initialising this class
 * never fails: where the interface cannot be bound, {@link #problem} says why.
 */
final class OrtApi {
  private static final @Nullable OrtTable TABLE;
  private static final @Nullable Problem PROBLEM;

  static {
    OrtTable table = null;
    Problem problem = null;
    try {
      if ("off".equals(System.getProperty(BundledLibrary.SWITCH))) {
        problem =
            Problem.of("native code is switched off")
                .at("-D" + BundledLibrary.SWITCH + "=off")
                .remedy("leave the property out");
      } else {
        table = OrtTable.of(base());
      }
    } catch (LibraryUnavailableException e) {
      problem = e.problem();
    } catch (AblateException e) {
      problem = Problem.of(String.valueOf(e.getMessage()));
    } catch (IllegalCallerException e) {
      problem =
          Problem.of("native access is not allowed")
              .remedy("start Java with --enable-native-access=ALL-UNNAMED");
    } catch (RuntimeException | LinkageError e) {
      problem = Problem.of("ONNX Runtime's C interface cannot be used").found(e.toString());
    }
    TABLE = table;
    PROBLEM = problem;
  }

  private OrtApi() {}

  /** Why the interface cannot be used, or null where it can. */
  static @Nullable Problem problem() {
    return PROBLEM;
  }

  static OrtTable table() {
    if (TABLE == null) {
      throw new IllegalStateException(
          "ONNX Runtime's C interface is not bound: "
              + (PROBLEM == null ? "unknown reason" : PROBLEM.message()));
    }
    return TABLE;
  }

  /** {@code const OrtApiBase* OrtGetApiBase(void)}. Opening a loaded file again loads no copy. */
  @SuppressWarnings("restricted") // calling native code is the purpose
  private static MemorySegment base() throws LibraryUnavailableException {
    String name = "OrtGetApiBase";
    MemorySegment function =
        SymbolLookup.libraryLookup(OrtNatives.library(), Arena.global())
            .find(name)
            .orElseThrow(
                () ->
                    new LibraryUnavailableException(
                        Problem.of("ONNX Runtime lacks a function").at(name)));
    try {
      return (MemorySegment)
          Linker.nativeLinker()
              .downcallHandle(function, FunctionDescriptor.of(ADDRESS))
              .invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
