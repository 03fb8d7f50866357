package io.ablate.cuda;

import io.ablate.base.Problem;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.LinearAlgebraProvider;
import io.ablate.linalg.LinearAlgebras;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;

/**
 * Offers linear algebra on a device. Eigenvectors, and for {@code auto} what is too small for the
 * way there ({@link ProductPlacement}), the best implementation on the host computes; {@link
 * #version} names it.
 */
public final class CudaLinearAlgebraProvider implements LinearAlgebraProvider {
  private final OptionalInt index;
  private final IntFunction<SharedDevice> devices;

  /** The first device that can be used. */
  public CudaLinearAlgebraProvider() {
    this(OptionalInt.empty(), SharedDevice::cuda);
  }

  /** A certain device. */
  CudaLinearAlgebraProvider(int index) {
    this(OptionalInt.of(index), SharedDevice::cuda);
  }

  private CudaLinearAlgebraProvider(OptionalInt index, IntFunction<SharedDevice> devices) {
    this.index = index;
    this.devices = devices;
  }

  /**
   * All by our kernels on a certain device, to be compared. What {@link #create} gives keeps the
   * device open until the process ends.
   */
  public static CudaLinearAlgebraProvider byKernels(int index) {
    CudaDriver driver = CudaDriver.open(index);
    SharedDevice device = new SharedDevice(new Device(driver, CheckedLibrary.unwanted(driver)));
    return new CudaLinearAlgebraProvider(OptionalInt.of(index), same -> device);
  }

  @Override
  public String name() {
    return CudaLinearAlgebra.NAME;
  }

  /** Below the reference: {@code --device} decides when a device is taken, or its name. */
  @Override
  public int rank() {
    return -100;
  }

  @Override
  public Optional<Problem> whyUnusable() {
    CudaDeviceProvider devices = new CudaDeviceProvider();
    return index.isPresent() ? devices.whyUnusable(index.getAsInt()) : devices.whyUnusable();
  }

  @Override
  public boolean isExpected() {
    return CudaProbe.here().expected();
  }

  @Override
  public String version() {
    CudaProbe probe = CudaProbe.here();
    return CudaProbe.describe(probe.devices().get(number()))
        + ", driver for CUDA "
        + probe.driver()
        + "; large products by "
        + products()
        + "; eigenvectors by "
        + host().name();
  }

  @Override
  public LinearAlgebra create(int threads) {
    return create(threads, ProductPlacement.ALWAYS);
  }

  @Override
  public LinearAlgebra createForAuto(int threads) {
    return create(threads, ProductPlacement.BY_ARITHMETIC);
  }

  private LinearAlgebra create(int threads, ProductPlacement placement) {
    return new CudaLinearAlgebra(device(), host().create(threads), placement);
  }

  /** The library, or our kernels and why. */
  private String products() {
    return device()
        .call(
            on -> {
              DenseLibrary library = on.library();
              if (library != null) {
                return library.describe();
              }
              Problem problem = Objects.requireNonNull(on.whyNoLibrary());
              String where = problem.where() == null ? "" : ": " + problem.where();
              return "own kernels (" + problem.what() + where + ")";
            });
  }

  private SharedDevice device() {
    return devices.apply(number());
  }

  private int number() {
    return index.orElseGet(() -> CudaProbe.here().firstUsable());
  }

  private static LinearAlgebraProvider host() {
    return LinearAlgebras.providers().stream()
        .filter(other -> !other.name().equals(CudaLinearAlgebra.NAME))
        .filter(other -> other.whyUnusable().isEmpty())
        .findFirst()
        .orElseThrow(); // the reference is always among them
  }
}
