package io.ablate.benchmarks.gpu;

import io.ablate.backend.Backends;
import io.ablate.backend.Devices;
import io.ablate.backend.FitBackends;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.cuda.CudaLinearAlgebraProvider;
import io.ablate.estimate.FitContext;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.ort.OrtCudaProvider;
import java.util.Arrays;
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

  private static final String CPU = "cpu";

  Place {
    if (device.equals(Backends.AUTO)) {
      throw new UsageException(
          Problem.of("a device has to be named")
              .at("--device")
              .expected("cuda, cuda:INDEX or cpu")
              .found(device));
    }
    Devices.requirePasses(device);
    if (!device.equals(CPU)) {
      // Puts ONNX Runtime's provider where sessions by its Java interface find it too.
      new OrtCudaProvider().create(index(device));
    }
  }

  boolean isDevice() {
    return !device.equals(CPU);
  }

  /** Of the device, as its driver counts. */
  int index() {
    return index(device);
  }

  private static int index(String device) {
    int colon = device.indexOf(':');
    return colon < 0 ? 0 : Integer.parseInt(device.substring(colon + 1));
  }

  /** Runs passes there. */
  ForwardBackend passes(InstrumentedModel model, ForwardOptions options) {
    String name = isDevice() ? Backends.AUTO : "onnxruntime-ffm-cpu";
    return Backends.forward(name, device, model, options).backend();
  }

  /** Runs passes on the processor, and is what everything is held against. */
  ForwardBackend referencePasses() {
    return new OrtCpuBackend();
  }

  ForwardOptions options(long[] exampleShape) {
    return new ForwardOptions(threads, exampleShape);
  }

  /** The precisions in which a model's passes can run there. */
  List<Precision> precisions(InstrumentedModel model, long[] exampleShape) {
    return Arrays.stream(Precision.values())
        .filter(precision -> runs(model, options(exampleShape).with(precision)))
        .toList();
  }

  private boolean runs(InstrumentedModel model, ForwardOptions options) {
    try {
      passes(model, options);
      return true;
    } catch (BadInputException e) {
      return false;
    }
  }

  /** Every operation there, also those too small to be worth it. */
  LinearAlgebra algebra() {
    return fits(isDevice() ? "cuda" : Backends.AUTO).algebra().backend();
  }

  /** Of what computes it, and by which library. */
  String algebraVersion() {
    return fits(Backends.AUTO).algebra().role().version();
  }

  LinearAlgebra referenceAlgebra() {
    return reference().algebra().backend();
  }

  /** Fits as {@code --device} would run them. */
  FitContext context() {
    return context(fits(Backends.AUTO));
  }

  /** As {@link #context()}, linear algebra on a device by our kernels alone. */
  FitContext contextByKernels() {
    FitContext by = context();
    return new FitContext(
        CudaLinearAlgebraProvider.byKernels(index()).createForAuto(threads),
        SEED,
        Progress.NONE,
        threads,
        by.networks(),
        by.lasso());
  }

  FitContext referenceContext() {
    return context(reference());
  }

  private FitBackends fits(String linalg) {
    return FitBackends.select(device, linalg, threads);
  }

  private FitBackends reference() {
    return FitBackends.select(CPU, "ejml", threads);
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
