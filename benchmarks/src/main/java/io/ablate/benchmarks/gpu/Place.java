package io.ablate.benchmarks.gpu;

import io.ablate.backend.Backends;
import io.ablate.backend.Devices;
import io.ablate.backend.FitBackends;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.estimate.FitContext;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.linalg.LinearAlgebra;
import java.util.List;

/**
 * Where the checked work runs, and the processor's reference beside it. On {@code cpu} another
 * implementation stands in for the device, so that every step can be tried without one.
 *
 * @param device {@code cuda}, {@code cuda:INDEX} or {@code cpu}
 * @param threads of the reference
 */
record Place(String device, int threads) {
  /** One stream feeds a device. */
  private static final long SEED = 1;

  Place {
    if (device.equals(Backends.AUTO)) {
      throw new UsageException(
          Problem.of("a device has to be named")
              .at("--device")
              .expected("cuda, cuda:INDEX or cpu")
              .found(device));
    }
    Devices.requirePasses(device);
  }

  boolean isDevice() {
    return !device.equals("cpu");
  }

  /** Runs passes there. */
  ForwardBackend passes(InstrumentedModel model, ForwardOptions options) {
    String name = isDevice() ? Backends.AUTO : "onnxruntime-ffm-cpu";
    return Backends.forward(name, device, model, options).backend();
  }

  /** What passes compute with there, float32 first. */
  List<Precision> precisions() {
    return isDevice()
        ? List.of(Precision.FP32, Precision.TF32, Precision.FP16)
        : List.of(Precision.FP32);
  }

  /** Runs passes on the processor, and is what everything is held against. */
  ForwardBackend referencePasses() {
    return new OrtCpuBackend();
  }

  ForwardOptions options(long[] exampleShape) {
    return new ForwardOptions(threads, exampleShape);
  }

  /** Every operation there, also those too small to be worth it. */
  LinearAlgebra algebra() {
    return fits(isDevice() ? "cuda" : Backends.AUTO).algebra().backend();
  }

  LinearAlgebra referenceAlgebra() {
    return reference().algebra().backend();
  }

  /** Fits as {@code --device} would run them. */
  FitContext context() {
    return context(fits(Backends.AUTO));
  }

  FitContext referenceContext() {
    return context(reference());
  }

  private FitBackends fits(String linalg) {
    return FitBackends.select(device, linalg, threads);
  }

  private FitBackends reference() {
    return FitBackends.select("cpu", "ejml", threads);
  }

  private FitContext context(FitBackends backends) {
    return new FitContext(
        backends.algebra().backend(),
        SEED,
        Progress.NONE,
        threads,
        backends.networks().backend(),
        backends.lasso());
  }
}
