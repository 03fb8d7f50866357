package io.ablate.ort;

import io.ablate.base.AblateException;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.cuda.CudaDeviceProvider;
import io.ablate.cuda.Device;
import io.ablate.forward.DealtBackend;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBackendProvider;
import java.util.List;
import java.util.Optional;

/**
 * Offers ONNX Runtime on NVIDIA devices: masks become numbers there, inputs are bound in its
 * memory, outputs come back once per batch. Compiled and, but for the device and ONNX Runtime's
 * CUDA provider, tested; never run on a device. Never chosen but by name or by the device.
 */
public final class OrtCudaProvider implements ForwardBackendProvider {
  static final String NAME = "onnxruntime-cuda";

  @Override
  public String name() {
    return NAME;
  }

  /** Below the reference until it has run on a device. */
  @Override
  public int rank() {
    return -50;
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
    return "ONNX Runtime " + OrtTable.VERSION + ", never run on a device yet";
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
    return backend(CudaOptions.defaults(index));
  }

  /**
   * The backend with options of one's own. Each of its sessions has a stream of its own on the
   * device.
   *
   * @throws BadInputException if the device or a library cannot be used; the message names the
   *     first thing that is missing
   */
  public static ForwardBackend backend(CudaOptions options) {
    Optional<Problem> problem = new OrtCudaProvider().whyUnusable(options.device());
    if (problem.isPresent()) {
      throw new BadInputException(problem.get());
    }
    CudaProviderLibrary.here().install();
    String precision = options.tf32() ? "TF32" : "float32";
    return new BoundBackend(
        NAME, OrtTable.VERSION + ", CUDA, " + precision, () -> execution(options));
  }

  private static Execution execution(CudaOptions options) {
    Device device = Device.cuda(options.device());
    ExecutionProvider cuda = new CudaExecutionProvider(options, device.stream());
    ExecutionProvider provider =
        options.fusedMasks()
            ? new FusingProvider(cuda, new MaskedOperators(device, "CUDAExecutionProvider"))
            : cuda;
    return new Execution(provider, new DeviceMemory(device));
  }
}
