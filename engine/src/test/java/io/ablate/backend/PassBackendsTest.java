package io.ablate.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.DeviceProvider;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBackendProvider;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.TinyModel;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Passes run where they were sent, and what is missing for that is said. */
class PassBackendsTest {
  private static final Problem MISSING =
      Problem.of("library not on the class path").at("libfast.so").remedy("add the fast jar");

  @Test
  void shouldRunPassesByOnnxRuntimeWhereNothingBetterCan() {
    ForwardOptions options = new ForwardOptions(1, new long[] {TinyModel.INPUTS});
    Selection<ForwardBackend> selection =
        Backends.forward(
            "auto",
            "auto",
            TinyModel.plain(),
            options,
            List.of(
                PassProviders.forward("absent", MISSING, null),
                PassProviders.forward("picky", null, Problem.of("no fused passes")),
                PassProviders.forward("plain", null, null)));
    assertThat(selection.role().chosen()).isEqualTo("plain");
    assertThat(selection.role().rejected())
        .containsExactly(
            new BackendReport.Rejected(
                "absent", "library not on the class path: libfast.so", "add the fast jar"),
            new BackendReport.Rejected("picky", "no fused passes", null));
    assertThat(selection.role().report())
        .containsEntry("requested", "auto")
        .containsEntry("chosen", "plain");
    Selection<ForwardBackend> here = Backends.forward("auto", TinyModel.plain(), options);
    assertThat(here.backend()).isInstanceOf(OrtCpuBackend.class);
    assertThat(here.role().version()).startsWith("1.");
  }

  @Test
  void shouldNotFallBackFromARequestedBackendForPasses() {
    ForwardOptions options = new ForwardOptions(1, new long[] {TinyModel.INPUTS});
    List<ForwardBackendProvider> providers =
        List.of(PassProviders.forward("picky", null, Problem.of("no fused passes").at("node a")));
    assertThatThrownBy(
            () -> Backends.forward("picky", "auto", TinyModel.plain(), options, providers))
        .isInstanceOf(BadInputException.class)
        .hasMessage("backend picky cannot be used: no fused passes: node a");
    assertThatThrownBy(() -> Backends.requireForward("torch"))
        .isInstanceOf(UsageException.class)
        .hasMessage(
            "unknown backend for forward passes; expected auto, onnxruntime-cpu, found torch");
  }

  @Test
  void shouldNotFallBackFromARequestedDevice() {
    Devices.require("auto");
    Devices.require("cpu");
    assertThatThrownBy(() -> Devices.require("cuda:1"))
        .isInstanceOf(BadInputException.class)
        .hasMessage(
            "device cuda:1 cannot be used: no backend for it in this build;"
                + " use --device cpu, or --device auto to take what is there");
    for (String unknown : new String[] {"abacus", "cuda:", "cuda:-1", "cuda:x", "cuda:99999"}) {
      assertThatThrownBy(() -> Devices.require(unknown))
          .isInstanceOf(UsageException.class)
          .hasMessage(
              "unknown device: --device; expected auto, cpu, cuda or cuda:INDEX, found " + unknown);
    }
  }

  @Test
  void shouldSayWhyARequestedDeviceCannotBeUsed() {
    List<DeviceProvider> providers = List.of(new PassProviders.OneOfTwoDevices());
    assertThatThrownBy(() -> Devices.require("cuda:1", providers))
        .isInstanceOf(BadInputException.class)
        .hasMessage("device cuda:1 cannot be used: on fire; fetch water");
    assertThatThrownBy(
            () ->
                Devices.requirePasses(
                    "cuda", providers, List.of(PassProviders.forward("plain", null, null))))
        .isInstanceOf(BadInputException.class)
        .hasMessage(
            "device cuda cannot be used: this version runs no passes on it;"
                + " use --device cpu, or --device auto to take what is there");
    Devices.require("cuda", providers);
    Devices.require("cuda:0", providers);
  }

  @Test
  void shouldRunPassesOnADeviceOnlyByWhatRunsThere() {
    List<DeviceProvider> devices = List.of(new PassProviders.OneOfTwoDevices());
    ForwardOptions options = new ForwardOptions(1, new long[] {TinyModel.INPUTS});
    List<ForwardBackendProvider> ready =
        List.of(PassProviders.forward("plain", null, null), PassProviders.onCuda(null));
    Devices.requirePasses("cuda", devices, ready);
    Selection<ForwardBackend> there =
        Backends.forward("auto", "cuda:1", TinyModel.plain(), options, ready);
    assertThat(there.role().chosen()).isEqualTo("on-cuda");
    assertThat(there.backend().name()).isEqualTo("on-cuda 1");
    for (String device : new String[] {"auto", "cpu"}) {
      assertThat(
              Backends.forward("auto", device, TinyModel.plain(), options, ready).role().chosen())
          .isEqualTo("plain");
    }
    assertThat(
            Backends.forward("on-cuda", "auto", TinyModel.plain(), options, ready).backend().name())
        .isEqualTo("on-cuda everywhere");
    assertThat(Backends.forward("auto", "cuda", TinyModel.plain(), options, ready).backend().name())
        .isEqualTo("on-cuda everywhere");
    assertThatThrownBy(() -> Backends.forward("plain", "cuda:1", TinyModel.plain(), options, ready))
        .isInstanceOf(UsageException.class)
        .hasMessage("backend plain runs on another device: --device; expected cpu, found cuda:1");
  }

  @Test
  void shouldNameTheFirstThingThatPassesOnADeviceLack() {
    List<DeviceProvider> devices = List.of(new PassProviders.OneOfTwoDevices());
    ForwardOptions options = new ForwardOptions(1, new long[] {TinyModel.INPUTS});
    List<ForwardBackendProvider> lacking =
        List.of(PassProviders.onCuda(MISSING), PassProviders.forward("plain", null, null));
    assertThatThrownBy(() -> Devices.requirePasses("cuda", devices, lacking))
        .isInstanceOf(BadInputException.class)
        .hasMessage("device cuda cannot be used: " + MISSING.message());
    assertThatThrownBy(() -> Backends.forward("auto", "cuda", TinyModel.plain(), options, lacking))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith(
            "no backend runs the model's passes on device cuda; found on-cuda: library not on");
    assertThat(
            Backends.forward("auto", "auto", TinyModel.plain(), options, lacking).role().chosen())
        .isEqualTo("plain");
  }
}
