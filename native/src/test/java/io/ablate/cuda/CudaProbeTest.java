package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.cuda.CudaProbe.DeviceInfo;
import io.ablate.nativelib.Platform;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Every reason why a device cannot be used is told, and none is thrown. */
class CudaProbeTest {
  @BeforeEach
  void requirePlatform() {
    assumeTrue(Platform.current().equals("linux-x86_64"), "CUDA is bound for linux-x86_64 only");
  }

  /** A driver that answers what it is told. */
  private record Fake(@Nullable Problem fault, int driverVersion, List<DeviceInfo> all)
      implements CudaProbe.Library {
    @Override
    public @Nullable Problem load() {
      return fault;
    }

    @Override
    public int deviceCount() {
      return all.size();
    }

    @Override
    public DeviceInfo device(int index) {
      return all.get(index);
    }
  }

  private static DeviceInfo device(int index, int capability, @Nullable Problem fault) {
    return new DeviceInfo(index, "Fast", capability, 80L << 30, fault);
  }

  @Test
  void shouldListUsableDevices() {
    CudaProbe probe = CudaProbe.of(new Fake(null, 12060, List.of(device(0, 90, null))));
    assertThat(probe.whyUnusable()).isEmpty();
    assertThat(probe.whyUnusable(0)).isEmpty();
    assertThat(probe.driver()).isEqualTo("12.6");
    assertThat(CudaProbe.describe(probe.devices().getFirst()))
        .isEqualTo("cuda:0 Fast, compute capability 9.0, 80 GiB");
    assertThat(probe.whyUnusable(1).map(Problem::message))
        .hasValue(
            "no such device: cuda:1; expected 0 to 0;"
                + " use --device cpu, or --device auto to take what is there");
  }

  @Test
  void shouldTellWhatIsMissing() {
    Problem none = Problem.of("no NVIDIA driver").remedy("install it");
    assertThat(message(new Fake(none, 0, List.of()))).isEqualTo("no NVIDIA driver; install it");
    assertThat(message(new Fake(null, 11080, List.of(device(0, 90, null)))))
        .isEqualTo(
            "the NVIDIA driver is too old; expected CUDA 12.0 or newer, found 11.8;"
                + " install a driver of version 525 or newer");
    assertThat(message(new Fake(null, 12000, List.of())))
        .isEqualTo("the NVIDIA driver lists no device; check nvidia-smi and CUDA_VISIBLE_DEVICES");
    assertThat(message(new Fake(null, 12000, List.of(device(0, 75, null)))))
        .isEqualTo(
            "the device is too old: cuda:0 (Fast);"
                + " expected compute capability 8.0 or newer, found 7.5");
    Problem full = Problem.of("the device gives no context").found("CUDA_ERROR_OUT_OF_MEMORY");
    assertThat(message(new Fake(null, 12000, List.of(device(0, 90, full)))))
        .isEqualTo("the device gives no context; found CUDA_ERROR_OUT_OF_MEMORY");
  }

  /** A word of falling back is for machines that somebody may expect to have a device. */
  @Test
  void shouldKnowWhereADeviceIsExpected() {
    Problem none = Problem.of(CudaProbe.NO_DRIVER).remedy("install it");
    Problem broken = Problem.of("the NVIDIA driver does not start");
    assertThat(CudaProbe.of(new Fake(none, 0, List.of())).expected()).isFalse();
    assertThat(CudaProbe.of(new Fake(null, 12000, List.of())).expected()).isFalse();
    assertThat(CudaProbe.of(new Fake(broken, 0, List.of())).expected()).isTrue();
    assertThat(CudaProbe.of(new Fake(null, 11080, List.of())).expected()).isTrue();
    assertThat(CudaProbe.of(new Fake(null, 12000, List.of(device(0, 75, null)))).expected())
        .isTrue();
  }

  @Test
  void shouldUseTheDevicesThatCanBeUsed() {
    CudaProbe probe =
        CudaProbe.of(new Fake(null, 12000, List.of(device(0, 70, null), device(1, 80, null))));
    assertThat(probe.whyUnusable()).isEmpty();
    assertThat(probe.whyUnusable(0)).isPresent();
    assertThat(probe.whyUnusable(1)).isEmpty();
    assertThat(probe.firstUsable()).isEqualTo(1);
  }

  @Test
  void shouldKnowWhichDevicesComputeAlike() {
    Problem fault = Problem.of("on fire");
    CudaProbe probe =
        CudaProbe.of(
            new Fake(
                null,
                12060,
                List.of(
                    device(0, 80, null),
                    device(1, 90, null),
                    device(2, 90, fault),
                    device(3, 80, null),
                    new DeviceInfo(4, "Other", 80, 1, null))));
    assertThat(probe.alike(0)).containsExactly(0, 3);
    assertThat(probe.alike(3)).containsExactly(3, 0);
    assertThat(probe.alike(1)).containsExactly(1);
  }

  @Test
  void shouldTurnWhatIsThrownIntoAReason() {
    CudaProbe.Library broken =
        new CudaProbe.Library() {
          @Override
          public Problem load() {
            throw new UnsatisfiedLinkError("no symbol");
          }

          @Override
          public int driverVersion() {
            return 0;
          }

          @Override
          public int deviceCount() {
            return 0;
          }

          @Override
          public DeviceInfo device(int index) {
            throw new IllegalStateException();
          }
        };
    assertThat(message(broken))
        .isEqualTo(
            "CUDA cannot be used; found java.lang.UnsatisfiedLinkError: no symbol;"
                + " use --device cpu, or --device auto to take what is there");
  }

  /** Whatever this machine has: an answer, and the same from all who give it. */
  @Test
  void shouldAnswerForThisMachine() {
    CudaDeviceProvider provider = new CudaDeviceProvider();
    if (provider.whyUnusable().isPresent()) {
      Problem problem = provider.whyUnusable(0).orElseThrow();
      assertThat(problem.remedy()).isNotNull();
      assertThatThrownBy(() -> Device.cuda(0))
          .isInstanceOf(BadInputException.class)
          .hasMessage(problem.message());
    } else {
      assertThat(provider.devices()).isNotEmpty();
    }
  }

  private static String message(CudaProbe.Library library) {
    return CudaProbe.of(library).whyUnusable().orElseThrow().message();
  }
}
