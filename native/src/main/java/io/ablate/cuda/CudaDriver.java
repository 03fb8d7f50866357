package io.ablate.cuda;

import static jcuda.driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY;
import static jcuda.driver.CUresult.CUDA_SUCCESS;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.nativelib.LibraryUnavailableException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * CUDA's driver API. The context is the device's primary one, which ONNX Runtime uses too; all work
 * goes to one stream of its own. Every call makes the context current, so that it may come from any
 * thread, one at a time.
 */
final class CudaDriver implements DeviceDriver {
  /** What cuMemAlloc aligns to. */
  private static final int ALIGNMENT = 256;

  private final CudaProbe.DeviceInfo info;
  private final CUdevice device;
  private final CUcontext context = new CUcontext();
  private final Stream stream = new Stream();
  private final CudaModules modules = new CudaModules();
  private final Map<Long, DevicePointer> memory = new HashMap<>();

  private CudaDriver(CudaProbe.DeviceInfo info) {
    this.info = info;
    this.device = new CUdevice();
    check(JCudaDriver.cuDeviceGet(device, info.index()), "cuDeviceGet", describe());
    check(
        JCudaDriver.cuDevicePrimaryCtxRetain(context, device),
        "cuDevicePrimaryCtxRetain",
        describe());
    try {
      makeCurrent();
      check(
          JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING),
          "cuStreamCreate",
          describe());
    } catch (RuntimeException e) {
      JCudaDriver.cuDevicePrimaryCtxRelease(device);
      throw e;
    }
  }

  static CudaDriver open(int index) {
    CudaProbe probe = CudaProbe.here();
    Optional<Problem> problem = probe.whyUnusable(index);
    if (problem.isPresent()) {
      throw new BadInputException(problem.get());
    }
    return new CudaDriver(probe.devices().get(index));
  }

  /** A device pointer whose address can be told. */
  private static final class DevicePointer extends CUdeviceptr {
    long address() {
      return getNativePointer();
    }
  }

  /** A stream whose address can be told. */
  private static final class Stream extends CUstream {
    long address() {
      return getNativePointer();
    }
  }

  @Override
  public long stream() {
    return stream.address();
  }

  @Override
  public String describe() {
    return "cuda:" + info.index() + " (" + info.name() + ")";
  }

  @Override
  public int granularity() {
    return ALIGNMENT;
  }

  @Override
  public long freeBytes() {
    makeCurrent();
    long[] free = new long[1];
    check(JCudaDriver.cuMemGetInfo(free, new long[1]), "cuMemGetInfo", describe());
    return free[0];
  }

  @Override
  public long totalBytes() {
    return info.memory();
  }

  @Override
  public long allocate(long bytes) {
    makeCurrent();
    DevicePointer pointer = new DevicePointer();
    int result = JCudaDriver.cuMemAlloc(pointer, bytes);
    if (result == CUDA_ERROR_OUT_OF_MEMORY) {
      return 0;
    }
    check(result, "cuMemAlloc", bytes + " bytes");
    memory.put(pointer.address(), pointer);
    return pointer.address();
  }

  @Override
  public void free(long address) {
    makeCurrent();
    CUdeviceptr pointer = pointer(address);
    memory.remove(address);
    check(JCudaDriver.cuMemFree(pointer), "cuMemFree", describe());
  }

  @Override
  public void clear(long address, long bytes) {
    makeCurrent();
    check(
        JCudaDriver.cuMemsetD8Async(pointer(address), (byte) 0, bytes, stream),
        "cuMemsetD8Async",
        bytes + " bytes");
  }

  @Override
  public void write(long address, long offset, ByteBuffer source) {
    send(address, offset, source);
    synchronize(); // the source is the caller's again
  }

  @Override
  public void send(long address, long offset, ByteBuffer source) {
    int bytes = source.remaining();
    makeCurrent();
    check(
        JCudaDriver.cuMemcpyHtoDAsync(
            pointer(address).withByteOffset(offset), Pointer.to(source), bytes, stream),
        "cuMemcpyHtoDAsync",
        bytes + " bytes");
  }

  @Override
  public void read(long address, long offset, ByteBuffer target) {
    int bytes = target.remaining();
    makeCurrent();
    check(
        JCudaDriver.cuMemcpyDtoHAsync(
            Pointer.to(target), pointer(address).withByteOffset(offset), bytes, stream),
        "cuMemcpyDtoHAsync",
        bytes + " bytes");
    synchronize();
  }

  /** How much may be pinned is the system's to say: without it copies are slower. */
  @Override
  public void pin(ByteBuffer host) {
    makeCurrent();
    JCudaDriver.cuMemHostRegister(Pointer.to(host), host.remaining(), 0);
  }

  @Override
  public void unpin(ByteBuffer host) {
    makeCurrent();
    JCudaDriver.cuMemHostUnregister(Pointer.to(host));
  }

  @Override
  public void copy(long target, long source, long bytes) {
    makeCurrent();
    check(
        JCudaDriver.cuMemcpyDtoDAsync(pointer(target), pointer(source), bytes, stream),
        "cuMemcpyDtoDAsync",
        bytes + " bytes");
  }

  @Override
  public void launch(KernelCall call) {
    makeCurrent();
    KernelCall.Extent grid = call.grid();
    KernelCall.Extent block = call.block();
    NativePointerObject[] arguments =
        call.arguments().stream().map(CudaDriver::argument).toArray(NativePointerObject[]::new);
    check(
        JCudaDriver.cuLaunchKernel(
            modules.function(call.module(), call.kernel()),
            grid.x(),
            grid.y(),
            grid.z(),
            block.x(),
            block.y(),
            block.z(),
            0,
            stream,
            Pointer.to(arguments),
            null),
        "cuLaunchKernel",
        call.describe());
  }

  private static Pointer argument(KernelCall.Argument argument) {
    return switch (argument) {
      case KernelCall.Argument.ArrayValue(DeviceArray array) ->
          Pointer.to(new long[] {array.address()});
      case KernelCall.Argument.IntValue(int value) -> Pointer.to(new int[] {value});
      case KernelCall.Argument.LongValue(long value) -> Pointer.to(new long[] {value});
      case KernelCall.Argument.FloatValue(float value) -> Pointer.to(new float[] {value});
      case KernelCall.Argument.DoubleValue(double value) -> Pointer.to(new double[] {value});
    };
  }

  @Override
  public DenseLibrary openLibrary() throws LibraryUnavailableException {
    Optional<Problem> problem = CudaLibraries.here().loadCublas();
    if (problem.isPresent()) {
      throw new LibraryUnavailableException(problem.get());
    }
    return CublasLibrary.open(stream, this::makeCurrent);
  }

  @Override
  public void synchronize() {
    makeCurrent();
    check(JCudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize", describe());
  }

  @Override
  public void close() {
    makeCurrent();
    memory.values().forEach(JCudaDriver::cuMemFree);
    memory.clear();
    modules.unload();
    JCudaDriver.cuStreamDestroy(stream);
    JCudaDriver.cuDevicePrimaryCtxRelease(device);
  }

  /**
   * Also asks that what other threads record be no concern of the calling one: ONNX Runtime records
   * launches in CUDA's global mode, while which allocations, copies and the like of threads that
   * have not asked fail, and the recording with them.
   */
  private void makeCurrent() {
    check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent", describe());
    check(
        JCudaDriver.cuThreadExchangeStreamCaptureMode(
            new int[] {CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL}),
        "cuThreadExchangeStreamCaptureMode",
        describe());
  }

  private CUdeviceptr pointer(long address) {
    CUdeviceptr pointer = memory.get(address);
    if (pointer == null) {
      throw new IllegalArgumentException(
          "not memory of this device: 0x" + Long.toHexString(address));
    }
    return pointer;
  }

  /** Throws with CUDA's name of the error unless a call succeeded. */
  static void check(int result, String call, String about) {
    if (result != CUDA_SUCCESS) {
      throw new BadInputException(
          Problem.of("CUDA call failed").at(call + ", " + about).found(CUresult.stringFor(result)));
    }
  }
}
