package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.estimate.LassoSolver;
import io.ablate.estimate.LassoSolverContract;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every solver must do, on a device. */
class CudaLassoSolverTest extends LassoSolverContract {
  @SuppressWarnings("NullAway.Init")
  private Device device;

  @BeforeEach
  void open() {
    device = KernelContract.openDevice();
  }

  @AfterEach
  void close() {
    if (device != null) {
      assertThat(device.liveBytes()).isZero();
      device.close();
    }
  }

  @Override
  protected LassoSolver solver() {
    return new CudaLassoSolver(new DeviceGroup(List.of(new SharedDevice(device))));
  }

  /** A share of the device's memory, and no more than the host's arrays can have. */
  @Test
  void shouldTakeAsManyExamplesAsMemoryHolds() {
    long free = device.freeBytes();
    assertThat(solver().examplesTogether(1000, free)).isEqualTo(1);
    long bytes = Math.min(free / 100, 100 << 20);
    int expected = (int) (Math.min(.6 * free, 16.0 * (1 << 30)) / bytes);
    assertThat(solver().examplesTogether(100_000, bytes)).isBetween(expected - 5, expected + 5);
    assertThat(solver().examplesTogether(7, bytes)).isEqualTo(7);
    assertThat(solver().callsAtOnce(16)).isEqualTo(1);
  }

  @Test
  void shouldTakeNoMoreExamplesThanAnArrayOfTheHostHolds() {
    Device large = new HostDevice().device();
    LassoSolver solver = new CudaLassoSolver(new DeviceGroup(List.of(new SharedDevice(large))));
    assertThat(solver.examplesTogether(100_000, 100 << 20)).isEqualTo(163);
    assertThat(solver.examplesTogether(100_000, 1L << 35)).isEqualTo(1);
    assertThat(solver.examplesTogether(100_000, 1 << 10)).isEqualTo(100_000);
    large.close();
  }
}
