package io.ablate.cuda;

import io.ablate.base.Problem;
import io.ablate.estimate.FitDeviceProvider;
import io.ablate.estimate.LassoSolver;
import io.ablate.estimate.NetworkTrainer;
import io.ablate.linalg.LinearAlgebraProvider;
import java.util.List;
import java.util.Optional;

/**
 * Tells the engine which NVIDIA devices are here. The driver is looked for at the first question.
 */
public final class CudaDeviceProvider implements FitDeviceProvider {
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
    CudaProbe probe = CudaProbe.here();
    return probe.whyUnusable().or(() -> DeviceCheck.whyUnusable(probe.firstUsable()));
  }

  @Override
  public Optional<Problem> whyUnusable(int index) {
    return CudaProbe.here().whyUnusable(index).or(() -> DeviceCheck.whyUnusable(index));
  }

  @Override
  public boolean isExpected() {
    return CudaProbe.here().expected();
  }

  /** Those for data centres: 8.0, 9.0, 10.0. Others have a 64th of float32's rate. */
  @Override
  public boolean isFastInDouble(int index) {
    return CudaProbe.here().devices().get(index).capability() % 10 == 0;
  }

  @Override
  public LinearAlgebraProvider algebra(int index) {
    return new CudaLinearAlgebraProvider(index);
  }

  @Override
  public NetworkTrainer networks(List<Integer> indices) {
    return new CudaNetworkTrainer(group(indices));
  }

  @Override
  public LassoSolver lasso(List<Integer> indices) {
    return new CudaLassoSolver(group(indices));
  }

  private static DeviceGroup group(List<Integer> indices) {
    return new DeviceGroup(indices.stream().map(SharedDevice::cuda).toList());
  }

  @Override
  public List<Integer> alike(int index) {
    return CudaProbe.here().alike(index);
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
