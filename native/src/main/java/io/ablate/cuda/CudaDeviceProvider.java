package io.ablate.cuda;

import io.ablate.base.DeviceProvider;
import io.ablate.base.Problem;
import java.util.List;
import java.util.Optional;

/**
 * Tells the engine which NVIDIA devices are here. The driver is looked for at the first question.
 */
public final class CudaDeviceProvider implements DeviceProvider {
  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public int rank() {
    return 200;
  }

  @Override
  public Optional<Problem> whyUnusable() {
    return CudaProbe.here().whyUnusable();
  }

  @Override
  public Optional<Problem> whyUnusable(int index) {
    return CudaProbe.here().whyUnusable(index);
  }

  @Override
  public List<String> devices() {
    return CudaProbe.here().devices().stream().map(CudaProbe::describe).toList();
  }

  @Override
  public String version() {
    return "driver for CUDA " + CudaProbe.here().driver();
  }
}
