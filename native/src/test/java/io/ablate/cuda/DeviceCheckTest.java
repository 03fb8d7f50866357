package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.Problem;
import org.junit.jupiter.api.Test;

/** A device is taken only if it computes what the processor does. */
class DeviceCheckTest extends KernelContract {
  @Test
  void shouldTrustADeviceThatComputesTheSame() {
    assertThat(DeviceCheck.whyUnusable(device)).isEmpty();
  }

  @Test
  void shouldNameADeviceThatComputesSomethingElse() {
    try (Device idle = HostDevice.idle()) {
      Problem problem = DeviceCheck.whyUnusable(idle).orElseThrow();
      assertThat(problem.message())
          .startsWith("the device computes wrongly: host; expected a product of masks")
          .contains("off by ")
          .endsWith("use --device cpu");
    }
  }

  @Test
  void shouldNameADeviceThatFails() {
    try (Device failing = HostDevice.failing("out of order")) {
      assertThat(DeviceCheck.whyUnusable(failing).orElseThrow().message())
          .isEqualTo("the device does not compute: host; found out of order; use --device cpu");
    }
  }
}
