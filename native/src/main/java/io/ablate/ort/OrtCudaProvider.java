package io.ablate.ort;

import io.ablate.base.AblateException;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.cuda.CudaDeviceProvider;
import io.ablate.cuda.Device;
import io.ablate.forward.DealtBackend;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBackendProvider;
import io.ablate.forward.Precision;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Offers ONNX Runtime on NVIDIA devices: masks become numbers there, inputs are bound in its
 * memory, outputs come back once per batch. Taken before all that compute on the processor.
 */
public final class OrtCudaProvider implements ForwardBackendProvider {
  static final String NAME = "onnxruntime-cuda";

  private static final String OPTIONS = "ablate.cuda.options";

  /** Batches of 1,024 at 3 × 32², of 256 at 3 × 224². */
  private static final int BATCH_ELEMENTS = 1 << 26;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return 200;
  }

  @Override
  public String device() {
    return "cuda";
  }

  @Override
  public Optional<Problem> whyUnusable() {
    return new CudaDeviceProvider().whyUnusable().or(OrtCudaProvider::whyNoLibrary);
  }

  @Override
  public Optional<Problem> whyUnusable(int index) {
    return new CudaDeviceProvider().whyUnusable(index).or(OrtCudaProvider::whyNoLibrary);
  }

  /** Where there is a device. */
  @Override
  public boolean isExpected() {
    return new CudaDeviceProvider().isExpected();
  }

  /** What is missing besides a device. */
  static Optional<Problem> whyNoLibrary() {
    Problem problem = OrtApi.problem();
    if (problem != null) {
      return Optional.of(problem);
    }
    try {
      return CudaProviderLibrary.here().problem();
    } catch (AblateException e) {
      return Optional.of(Problem.of(String.valueOf(e.getMessage())));
    }
  }

  @Override
  public String version() {
    return "ONNX Runtime " + OrtTable.VERSION;
  }

  /** On all devices like the first; rows are dealt to them. */
  @Override
  public ForwardBackend create() {
    List<Integer> devices = new CudaDeviceProvider().alike(0);
    return devices.size() == 1
        ? create(0)
        : new DealtBackend(devices.stream().map(this::create).toList());
  }

  @Override
  public ForwardBackend create(int index) {
    return backend(index, OrtCudaProvider::changed);
  }

  /** For measuring: {@code -Dablate.cuda.options=graphs=false,layout=model}. */
  private static CudaOptions changed(CudaOptions options) {
    CudaOptions changed = options;
    for (String change : System.getProperty(OPTIONS, "").split(",", 0)) {
      String[] parts = change.split("=", 2);
      changed = parts.length == 2 ? changed.with(parts[0], parts[1]) : changed;
    }
    return changed;
  }

  /**
   * The backend with options of one's own. Each of its sessions has a stream of its own on the
   * device.
   *
   * @param change of {@link CudaOptions#of} for each precision
   * @throws BadInputException if the device or a library cannot be used; the message names the
   *     first thing that is missing
   */
  public static ForwardBackend backend(int index, UnaryOperator<CudaOptions> change) {
    Optional<Problem> problem = new OrtCudaProvider().whyUnusable(index);
    if (problem.isPresent()) {
      throw new BadInputException(problem.get());
    }
    CudaProviderLibrary.here().install();
    return new BoundBackend(
        NAME,
        OrtTable.VERSION + ", CUDA",
        EnumSet.of(Precision.FP32, Precision.TF32, Precision.FP16),
        precision -> execution(change.apply(CudaOptions.of(index, precision))),
        BATCH_ELEMENTS);
  }

  private static Execution execution(CudaOptions options) {
    Device device = Device.cuda(options.device());
    ExecutionProvider cuda = new CudaExecutionProvider(options, device.stream());
    DeviceOperators operators =
        options.fusedMasks() ? new DeviceOperators(device, "CUDAExecutionProvider") : null;
    boolean channelsLast = options.layout() == CudaOptions.Layout.CHANNELS_LAST;
    return new Execution(
        new RewritingProvider(cuda, operators, options.half(), channelsLast),
        new DeviceMemory(device));
  }
}
