package io.ablate.backend;

import io.ablate.base.DeviceProvider;
import io.ablate.base.Problem;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBackendProvider;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.instrument.InstrumentedModel;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Providers of passes and of devices that say of themselves what a test wants. */
final class PassProviders {
  private PassProviders() {}

  /**
   * On the processor.
   *
   * @param unusable why it can never be used
   * @param whyNot why it does not run the model
   */
  static ForwardBackendProvider forward(
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

  /** On every device, preferred to those on the processor. */
  static ForwardBackendProvider onCuda(@Nullable Problem unusable) {
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

  /** Two devices, of which the first can be used. */
  static final class OneOfTwoDevices implements DeviceProvider {
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
}
