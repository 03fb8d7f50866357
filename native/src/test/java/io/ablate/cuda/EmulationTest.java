package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** The emulation finds what it is there to find; without that, green contracts mean little. */
class EmulationTest {
  /** One word too few for 65 columns: the kernel's first step beyond its array is an error. */
  @Test
  void shouldSeeAKernelLeaveItsArray() {
    Device device = EmulatedDriver.open();
    DeviceScope scope = device.scope();
    DeviceArray words = scope.zeros("words", I64, 1, 1);
    DeviceArray out = scope.array("out", F32, 65);
    Launch launch =
        device
            .kernel("masks", "expand_masks_f32")
            .block(96, 1)
            .with(words)
            .with(out)
            .with(1)
            .with(65)
            .with(1);
    assertThatThrownBy(launch::launch)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("heap-buffer-overflow")
        .hasMessageContaining("masks.cu");
  }

  @Test
  void shouldRefuseArgumentsOfOtherTypes() {
    try (Device device = EmulatedDriver.open();
        DeviceScope scope = device.scope()) {
      DeviceArray sums = scope.zeros("sums", F64, 4);
      Launch launch =
          device.kernel("pathnorm", "column_sums").with(sums).with(sums).with(1).with(4L);
      assertThatThrownBy(launch::launch)
          .hasMessageStartingWith("kernel column_sums: arguments are declared as FFii, not DDil");
      assertThatThrownBy(() -> device.kernel("m", "no_such").launch())
          .hasMessageStartingWith("kernel no_such: unknown");
    }
  }

  /** Blocks of 20 threads have no whole warp to sum over; two of them have 32 threads. */
  @Test
  void shouldRefuseWarpOperationsWithoutAllLanes() {
    Device device = EmulatedDriver.open();
    DeviceScope scope = device.scope();
    DeviceArray counts = scope.zeros("counts", ElementType.I32, 1, 1);
    DeviceArray sums = scope.zeros("sums", I64, 1);
    Launch launch =
        device
            .kernel("gram", "count_sums")
            .grid(2, 1, 1)
            .block(20, 1)
            .with(counts)
            .with(sums)
            .with(1);
    assertThatThrownBy(launch::launch)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("a warp operation without all lanes");
  }

  @Test
  void shouldCountWhatIsNotFreed() {
    try (Device device = EmulatedDriver.open()) {
      DeviceScope scope = device.scope();
      scope.array("kept", F32, 3);
      assertThat(device.liveBytes()).isEqualTo(12);
      scope.close();
      assertThat(device.liveBytes()).isZero();
    }
  }
}
