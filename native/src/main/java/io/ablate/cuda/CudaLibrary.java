package io.ablate.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
import static jcuda.driver.CUresult.CUDA_ERROR_NO_DEVICE;
import static jcuda.driver.CUresult.CUDA_SUCCESS;

import io.ablate.base.Problem;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.charset.StandardCharsets;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The driver of this machine. JCuda's class fails to initialise where the driver is missing, hence
 * the library is looked for before that class is touched.
 */
final class CudaLibrary implements CudaProbe.Library {
  private static final String DRIVER = "libcuda.so.1";

  private boolean withoutDevice;

  @Override
  @SuppressWarnings("restricted") // whether it loads is the question
  public @Nullable Problem load() {
    try {
      SymbolLookup.libraryLookup(DRIVER, Arena.global());
    } catch (IllegalArgumentException e) {
      return Problem.of(CudaProbe.NO_DRIVER)
          .at(DRIVER)
          .found("no such library")
          .remedy(
              "install the NVIDIA driver (in a container: start it with access to the GPU), or use"
                  + " --device cpu");
    }
    try {
      JCudaDriver.setExceptionsEnabled(false); // codes are checked where more is known about them
    } catch (LinkageError e) {
      return Problem.of("JCuda's library does not load")
          .found(
              e.getMessage() == null ? e.toString() : e.getMessage().lines().findFirst().orElse(""))
          .remedy("add org.jcuda:jcuda-natives:12.6.0:linux-x86_64 to the class path");
    }
    int result = JCudaDriver.cuInit(0);
    withoutDevice = result == CUDA_ERROR_NO_DEVICE;
    return result == CUDA_SUCCESS || withoutDevice
        ? null
        : Problem.of("the NVIDIA driver does not start")
            .at("cuInit")
            .found(CUresult.stringFor(result));
  }

  @Override
  public int driverVersion() {
    int[] version = new int[1];
    CudaDriver.check(JCudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion", DRIVER);
    return version[0];
  }

  @Override
  public int deviceCount() {
    if (withoutDevice) {
      return 0;
    }
    int[] count = new int[1];
    CudaDriver.check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount", DRIVER);
    return count[0];
  }

  @Override
  public CudaProbe.DeviceInfo device(int index) {
    String about = "cuda:" + index;
    CUdevice device = new CUdevice();
    CudaDriver.check(JCudaDriver.cuDeviceGet(device, index), "cuDeviceGet", about);
    byte[] name = new byte[256];
    CudaDriver.check(
        JCudaDriver.cuDeviceGetName(name, name.length, device), "cuDeviceGetName", about);
    long[] memory = new long[1];
    CudaDriver.check(JCudaDriver.cuDeviceTotalMem(memory, device), "cuDeviceTotalMem", about);
    int capability =
        10 * attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, about)
            + attribute(device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, about);
    String text = new String(name, StandardCharsets.US_ASCII);
    return new CudaProbe.DeviceInfo(
        index, text.substring(0, text.indexOf('\0')), capability, memory[0], fault(device, about));
  }

  private static int attribute(CUdevice device, int attribute, String about) {
    int[] value = new int[1];
    CudaDriver.check(
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute", about);
    return value[0];
  }

  /** A device whose memory others hold shows only when its context is asked for. */
  private static @Nullable Problem fault(CUdevice device, String about) {
    int result = JCudaDriver.cuDevicePrimaryCtxRetain(new CUcontext(), device);
    if (result == CUDA_SUCCESS) {
      JCudaDriver.cuDevicePrimaryCtxRelease(device);
      return null;
    }
    return Problem.of("the device gives no context")
        .at(about)
        .found(CUresult.stringFor(result))
        .remedy("see in nvidia-smi what else uses the device and its memory");
  }
}
