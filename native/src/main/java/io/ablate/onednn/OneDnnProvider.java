package io.ablate.onednn;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ablate.base.Problem;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBackendProvider;
import io.ablate.forward.OrtCpuBackend;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Offers oneDNN to the engine. The library is looked for at the first question about it. */
public final class OneDnnProvider implements ForwardBackendProvider {
  @Override
  public String name() {
    return OneDnnBackend.NAME;
  }

  @Override
  public int rank() {
    return 100;
  }

  @Override
  public Optional<Problem> whyUnusable() {
    Problem problem = OneDnn.problem();
    if (problem == null && !WinogradCompiler.isPossible()) {
      problem =
          Problem.of("no gain over ONNX Runtime on this machine")
              .expected("Linux, AVX2, and leave to make executable memory")
              .remedy("use " + OrtCpuBackend.NAME);
    }
    return Optional.ofNullable(problem);
  }

  @Override
  public String version() {
    return libraryVersion();
  }

  @Override
  public ForwardBackend create() {
    return new OneDnnBackend();
  }

  /** For example {@code oneDNN 3.13.0}. */
  @SuppressWarnings("restricted") // dnnl_version_t lies behind a pointer
  static String libraryVersion() {
    MemorySegment version = OneDnn.pointer("dnnl_version").reinterpret(3 * Integer.BYTES);
    return "oneDNN "
        + version.getAtIndex(JAVA_INT, 0)
        + "."
        + version.getAtIndex(JAVA_INT, 1)
        + "."
        + version.getAtIndex(JAVA_INT, 2);
  }
}
