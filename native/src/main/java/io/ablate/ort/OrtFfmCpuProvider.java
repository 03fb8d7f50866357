package io.ablate.ort;

import io.ablate.base.Problem;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBackendProvider;
import io.ablate.forward.Precision;
import java.util.Optional;
import java.util.Set;

/**
 * Offers ONNX Runtime on the processor through its C interface: the same numbers as the reference,
 * by the code that passes on a device use. Never chosen but by name.
 */
public final class OrtFfmCpuProvider implements ForwardBackendProvider {
  static final String NAME = "onnxruntime-ffm-cpu";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return -100;
  }

  @Override
  public Optional<Problem> whyUnusable() {
    return Optional.ofNullable(OrtApi.problem());
  }

  @Override
  public String version() {
    return "ONNX Runtime " + OrtTable.VERSION;
  }

  @Override
  public ForwardBackend create() {
    return new BoundBackend(
        NAME,
        OrtTable.VERSION,
        Set.of(Precision.FP32),
        precision -> new Execution(ExecutionProvider.CPU, new HostMemory()));
  }
}
