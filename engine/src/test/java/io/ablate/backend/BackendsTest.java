package io.ablate.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.DeviceProvider;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBackendProvider;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.TinyModel;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.LinearAlgebraProvider;
import io.ablate.linalg.LinearAlgebras;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("standard error is redirected")
class BackendsTest {
  private static final Problem MISSING =
      Problem.of("library not on the class path").at("libfast.so").remedy("add the fast jar");

  @Test
  void shouldFallBackOnTheReferenceWhereNothingElseIsPresent() {
    Selection<LinearAlgebra> selection = Backends.linearAlgebra("auto", 1);
    assertThat(selection.backend().name()).isEqualTo("ejml");
    assertThat(selection.role().rejected()).isEmpty();
    assertThat(selection.role().version()).startsWith("EJML 0.");
  }

  @Test
  void shouldPreferTheFirstUsableProvider() {
    Selection<LinearAlgebra> selection =
        Backends.linearAlgebra("auto", 1, with(provider("quick", null)));
    assertThat(selection.role().chosen()).isEqualTo("quick");
    assertThat(selection.role().requested()).isEqualTo("auto");
    assertThat(Backends.linearAlgebra("ejml", 1, with(provider("quick", null))).role().chosen())
        .isEqualTo("ejml");
  }

  @Test
  void shouldSayOnceWhyAutoFellBack() {
    PrintStream standardError = System.err;
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    Selection<LinearAlgebra> selection;
    System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
    try {
      selection = Backends.linearAlgebra("auto", 1, with(provider("fast", MISSING)));
      Backends.linearAlgebra("auto", 1, with(provider("fast", MISSING)));
    } finally {
      System.setErr(standardError);
    }
    assertThat(captured.toString(StandardCharsets.UTF_8))
        .containsOnlyOnce(
            "ejml instead of fast: library not on the class path: libfast.so; add the fast jar");
    assertThat(selection.role().chosen()).isEqualTo("ejml");
    assertThat(selection.role().rejected())
        .containsExactly(
            new BackendReport.Rejected(
                "fast", "library not on the class path: libfast.so", "add the fast jar"));
  }

  @Test
  void shouldNotFallBackFromARequestedBackend() {
    assertThatThrownBy(() -> Backends.linearAlgebra("fast", 1, with(provider("fast", MISSING))))
        .isInstanceOfSatisfying(BadInputException.class, e -> assertThat(e.exitCode()).isEqualTo(3))
        .hasMessage(
            "backend fast cannot be used: library not on the class path: libfast.so;"
                + " add the fast jar");
  }

  @Test
  void shouldListTheKnownNamesForAnUnknownOne() {
    assertThatThrownBy(() -> Backends.linearAlgebra("nag", 1))
        .isInstanceOf(UsageException.class)
        .hasMessage("unknown backend for linear algebra; expected auto, ejml, found nag");
  }

  @Test
  void shouldRefuseNoThreads() {
    assertThatThrownBy(() -> Backends.linearAlgebra("auto", 0))
        .isInstanceOf(UsageException.class)
        .hasMessage("impossible number of threads: --threads; expected at least 1, found 0");
  }

  @Test
  void shouldSurviveJson() {
    BackendReport report =
        BackendReport.of(
            Backends.linearAlgebra("auto", 1, with(provider("absent", MISSING))).role());
    String json = Json.write(report);
    assertThat(json).contains("\"chosen\" : \"ejml\"", "\"processors\" : ");
    assertThat(Json.mapper().convertValue(Json.mapper().valueToTree(report), BackendReport.class))
        .isEqualTo(report);
  }

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
                forward("absent", MISSING, null),
                forward("picky", null, Problem.of("no fused passes")),
                forward("plain", null, null)));
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
        List.of(forward("picky", null, Problem.of("no fused passes").at("node a")));
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
    List<DeviceProvider> providers = List.of(new OneOfTwoDevices());
    assertThatThrownBy(() -> Devices.require("cuda:1", providers))
        .isInstanceOf(BadInputException.class)
        .hasMessage("device cuda:1 cannot be used: on fire; fetch water");
    assertThatThrownBy(
            () -> Devices.requirePasses("cuda", providers, List.of(forward("plain", null, null))))
        .isInstanceOf(BadInputException.class)
        .hasMessage(
            "device cuda cannot be used: this version runs no passes on it;"
                + " use --device cpu, or --device auto to take what is there");
    Devices.require("cuda", providers);
    Devices.require("cuda:0", providers);
  }

  @Test
  void shouldRunPassesOnADeviceOnlyByWhatRunsThere() {
    List<DeviceProvider> devices = List.of(new OneOfTwoDevices());
    ForwardOptions options = new ForwardOptions(1, new long[] {TinyModel.INPUTS});
    List<ForwardBackendProvider> ready = List.of(forward("plain", null, null), onCuda(null));
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
    List<DeviceProvider> devices = List.of(new OneOfTwoDevices());
    ForwardOptions options = new ForwardOptions(1, new long[] {TinyModel.INPUTS});
    List<ForwardBackendProvider> lacking = List.of(onCuda(MISSING), forward("plain", null, null));
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

  private static ForwardBackendProvider onCuda(@Nullable Problem unusable) {
    ForwardBackendProvider plain = forward("on-cuda", unusable, null);
    return new ForwardBackendProvider() {
      @Override
      public String name() {
        return plain.name();
      }

      @Override
      public int rank() {
        return -1;
      }

      @Override
      public String device() {
        return "cuda";
      }

      @Override
      public Optional<Problem> whyUnusable() {
        return plain.whyUnusable();
      }

      @Override
      public String version() {
        return "1";
      }

      @Override
      public ForwardBackend create(int index) {
        return new Choosy(name() + " " + index, null);
      }

      @Override
      public ForwardBackend create() {
        return new Choosy(name() + " everywhere", null);
      }
    };
  }

  private static final class OneOfTwoDevices implements DeviceProvider {
    @Override
    public String name() {
      return "cuda";
    }

    @Override
    public int rank() {
      return 1;
    }

    @Override
    public Optional<Problem> whyUnusable() {
      return Optional.empty();
    }

    @Override
    public Optional<Problem> whyUnusable(int index) {
      return index == 0
          ? Optional.empty()
          : Optional.of(Problem.of("on fire").remedy("fetch water"));
    }

    @Override
    public List<String> devices() {
      return List.of("fast one", "hot one");
    }

    @Override
    public String version() {
      return "1";
    }
  }

  private static ForwardBackendProvider forward(
      String name, @Nullable Problem unusable, @Nullable Problem whyNot) {
    return new ForwardBackendProvider() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public int rank() {
        return 1;
      }

      @Override
      public Optional<Problem> whyUnusable() {
        return Optional.ofNullable(unusable);
      }

      @Override
      public String version() {
        return "1";
      }

      @Override
      public ForwardBackend create() {
        return new Choosy(name, whyNot);
      }
    };
  }

  /** A backend that runs some models only. */
  private record Choosy(String name, @Nullable Problem problem) implements ForwardBackend {
    @Override
    public String version() {
      return "1";
    }

    @Override
    public Optional<Problem> whyNot(InstrumentedModel model, ForwardOptions options) {
      return Optional.ofNullable(problem);
    }

    @Override
    public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
      return new OrtCpuBackend().open(model, options);
    }

    @Override
    public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
      return new OrtCpuBackend().openGradients(model, options);
    }
  }

  private static List<LinearAlgebraProvider> with(LinearAlgebraProvider first) {
    List<LinearAlgebraProvider> providers = new ArrayList<>(List.of(first));
    providers.addAll(LinearAlgebras.providers());
    return providers;
  }

  private static LinearAlgebraProvider provider(String name, @Nullable Problem problem) {
    return new LinearAlgebraProvider() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public int rank() {
        return 1;
      }

      @Override
      public Optional<Problem> whyUnusable() {
        return Optional.ofNullable(problem);
      }

      @Override
      public String version() {
        return "1";
      }

      @Override
      public LinearAlgebra create(int threads) {
        return new EjmlLinearAlgebra();
      }
    };
  }
}
