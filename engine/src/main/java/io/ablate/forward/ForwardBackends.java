package io.ablate.forward;

import io.ablate.base.BackendProvider;
import io.ablate.base.Problem;
import java.util.List;
import java.util.Optional;

/** Finds the implementations of {@link ForwardBackend} on the class path. */
public final class ForwardBackends {
  private ForwardBackends() {}

  /** All providers, the preferred first; ONNX Runtime on the CPU is always among them. */
  public static List<ForwardBackendProvider> providers() {
    return BackendProvider.all(ForwardBackendProvider.class, new Reference());
  }

  private static final class Reference implements ForwardBackendProvider {
    @Override
    public String name() {
      return OrtCpuBackend.NAME;
    }

    @Override
    public int rank() {
      return 0;
    }

    /** Whether it loads is known where it is first used: there is no backend to fall back on. */
    @Override
    public Optional<Problem> whyUnusable() {
      return Optional.empty();
    }

    @Override
    public String version() {
      return "ONNX Runtime " + new OrtCpuBackend().version();
    }

    @Override
    public ForwardBackend create() {
      return new OrtCpuBackend();
    }
  }
}
