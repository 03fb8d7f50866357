package io.ablate.cuda;

import io.ablate.base.Problem;
import io.ablate.nativelib.Platform;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether a device can be used here, and why not. The first question loads the driver and takes the
 * context of every device once; later ones are answered from memory. Thread-safe.
 */
final class CudaProbe {
  /** The modules' instruction set, PTX ISA 8.0, came with this version. */
  private static final int LEAST_DRIVER = 12_000;

  /** What the modules are compiled for: sm_80. */
  private static final int LEAST_CAPABILITY = 80;

  /** The one fault that says that nobody meant this machine to have a device. */
  static final String NO_DRIVER = "no NVIDIA driver";

  /** Mends most of what can be missing. */
  private static final String USE_CPU = "use --device cpu, or --device auto to take what is there";

  private final @Nullable Problem problem;
  private final List<DeviceInfo> devices;
  private final int driver;
  private final boolean expected;

  private CudaProbe(
      @Nullable Problem problem, List<DeviceInfo> devices, int driver, boolean expected) {
    this.problem = problem;
    this.devices = List.copyOf(devices);
    this.driver = driver;
    this.expected = expected;
  }

  /** The answer for this process. */
  static CudaProbe here() {
    return Holder.HERE;
  }

  /** Initialising this class never fails. */
  private static final class Holder {
    static final CudaProbe HERE = of(new CudaLibrary());
  }

  /**
   * @param index as the driver counts
   * @param capability compute capability, 90 for 9.0
   * @param memory in bytes
   * @param fault why it cannot be used; null if it can
   */
  record DeviceInfo(int index, String name, int capability, long memory, @Nullable Problem fault) {}

  /** What the probe asks of the system; faults arrive as values or as link errors. */
  interface Library {
    /** Why the driver cannot be loaded, or null once it is. */
    @Nullable Problem load();

    /** As CUDA counts: 12060 for 12.6. */
    int driverVersion();

    int deviceCount();

    DeviceInfo device(int index);
  }

  static CudaProbe of(Library library) {
    try {
      if (!Platform.current().equals("linux-x86_64")) {
        return unusable(Problem.of("no CUDA for this platform").at(Platform.current()), false);
      }
      if ("off".equals(System.getProperty("ablate.native"))) {
        return unusable(
            Problem.of("native code is switched off")
                .at("-Dablate.native=off")
                .remedy("leave the property out"),
            false);
      }
      Problem fault = library.load();
      if (fault != null) {
        return unusable(fault, !fault.what().equals(NO_DRIVER));
      }
      int version = library.driverVersion();
      if (version < LEAST_DRIVER) {
        return unusable(
            Problem.of("the NVIDIA driver is too old")
                .expected("CUDA " + version(LEAST_DRIVER) + " or newer")
                .found(version(version))
                .remedy("install a driver of version 525 or newer"),
            true);
      }
      return of(library, library.deviceCount(), version);
    } catch (RuntimeException | LinkageError e) {
      return unusable(Problem.of("CUDA cannot be used").found(e.toString()), true);
    }
  }

  private static CudaProbe of(Library library, int count, int version) {
    if (count == 0) {
      return unusable(
          Problem.of("the NVIDIA driver lists no device")
              .remedy("check nvidia-smi and CUDA_VISIBLE_DEVICES"),
          false);
    }
    List<DeviceInfo> devices = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      DeviceInfo info = library.device(i);
      devices.add(
          info.fault() == null && info.capability() < LEAST_CAPABILITY ? tooOld(info) : info);
    }
    boolean any = devices.stream().anyMatch(info -> info.fault() == null);
    return new CudaProbe(any ? null : devices.getFirst().fault(), devices, version, true);
  }

  private static DeviceInfo tooOld(DeviceInfo info) {
    Problem fault =
        Problem.of("the device is too old")
            .at("cuda:" + info.index() + " (" + info.name() + ")")
            .expected("compute capability " + capability(LEAST_CAPABILITY) + " or newer")
            .found(capability(info.capability()));
    return new DeviceInfo(info.index(), info.name(), info.capability(), info.memory(), fault);
  }

  private static CudaProbe unusable(Problem problem, boolean expected) {
    return new CudaProbe(
        problem.remedy() == null ? problem.remedy(USE_CPU) : problem, List.of(), 0, expected);
  }

  /** Why no device can be used. */
  Optional<Problem> whyUnusable() {
    return Optional.ofNullable(problem);
  }

  /** Why one device cannot be used. */
  Optional<Problem> whyUnusable(int index) {
    if (devices.isEmpty()) {
      return whyUnusable();
    }
    if (index < 0 || index >= devices.size()) {
      return Optional.of(
          Problem.of("no such device")
              .at("cuda:" + index)
              .expected("0 to " + (devices.size() - 1))
              .remedy(USE_CPU));
    }
    return Optional.ofNullable(devices.get(index).fault());
  }

  /** The least index of those that can be used; asked only where there is one. */
  int firstUsable() {
    return devices.stream().filter(info -> info.fault() == null).findFirst().orElseThrow().index();
  }

  /**
   * Usable devices of the same name and capability as one of them, itself first: they compute the
   * same bits.
   */
  List<Integer> alike(int index) {
    DeviceInfo first = devices.get(index);
    List<Integer> all = new ArrayList<>(List.of(index));
    for (DeviceInfo other : devices) {
      if (other.index() != index
          && other.fault() == null
          && other.name().equals(first.name())
          && other.capability() == first.capability()) {
        all.add(other.index());
      }
    }
    return all;
  }

  /** Whether something here is meant to be used: a device, or a driver that does not work. */
  boolean expected() {
    return expected;
  }

  /** All devices, usable or not. */
  List<DeviceInfo> devices() {
    return devices;
  }

  /** Version of CUDA that the driver is for. */
  String driver() {
    return version(driver);
  }

  /** One line about a device, for reports. */
  static String describe(DeviceInfo info) {
    return String.format(
        java.util.Locale.ROOT,
        "cuda:%d %s, compute capability %s, %.0f GiB",
        info.index(),
        info.name(),
        capability(info.capability()),
        info.memory() / 0x1p30);
  }

  private static String version(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  private static String capability(int capability) {
    return capability / 10 + "." + capability % 10;
  }
}
