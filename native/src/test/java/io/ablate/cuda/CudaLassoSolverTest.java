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

  @Test
  void shouldTakeAsManyExamplesAsMemoryHolds() {
    long free = device.freeBytes();
    assertThat(solver().examplesTogether(1000, free)).isEqualTo(1);
    long bytes = Math.min(free / 100, 100 << 20); // more would not fit one array of the host
    int expected = (int) (.6 * free / bytes);
    assertThat(solver().examplesTogether(100_000, bytes)).isBetween(expected - 5, expected + 5);
    assertThat(solver().examplesTogether(7, free / 100)).isEqualTo(7);
    assertThat(solver().callsAtOnce(16)).isEqualTo(1);
  }
}
