package io.ablate.ort;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ablate.cuda.Device;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * {@link DeviceOperator}s as custom operators of ONNX Runtime ({@code OrtCustomOp}): it calls back
 * for each node, and the kernel goes to the device's stream, which must be the session's. To be
 * closed after all sessions that know them. Computing is for one thread at a time.
 */
final class DeviceOperators implements AutoCloseable {
  /** The version whose fields are filled in; later ones stay null. */
  private static final int VERSION = 17;

  /** Pointers of {@code OrtCustomOp}, which follow the version. */
  private static final int POINTERS = 25;

  /** {@code ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT} and its half. */
  private static final int FLOAT = 1;

  private static final int FLOAT16 = 10;

  private final OrtScope scope = new OrtScope(OrtApi.table());
  private final OrtTable table = scope.table();
  private final Arena arena = Arena.ofShared();
  private final DeviceOperator.Surroundings surroundings;
  private final MemorySegment provider;
  private final long domain;

  /** By their handles, which are what ONNX Runtime keeps. */
  private final Map<Long, DeviceOperator.Kernel> kernels = new ConcurrentHashMap<>();

  private final AtomicLong handles = new AtomicLong();

  /**
   * @param provider name of the execution provider that the nodes run on
   */
  DeviceOperators(Device device, String provider) {
    this.provider = arena.allocateFrom(provider);
    this.domain =
        scope.make(
            OrtFunction.RELEASE_CUSTOM_OP_DOMAIN,
            OrtFunction.CREATE_CUSTOM_OP_DOMAIN,
            DeviceOperator.DOMAIN);
    this.surroundings = new DeviceOperator.Surroundings(table, arena, device);
    List<DeviceOperator> all = new ArrayList<>(MaskedOperator.all());
    all.addAll(ImageOperator.all());
    all.addAll(MaskedGradient.all());
    all.addAll(ReluGradient.all());
    all.addAll(ImageGradient.all());
    for (DeviceOperator operator : all) {
      table.call(OrtFunction.CUSTOM_OP_DOMAIN_ADD, domain, described(operator));
    }
  }

  /** Makes the operators known to sessions with these options. */
  void register(long sessionOptions) {
    table.call(OrtFunction.ADD_CUSTOM_OP_DOMAIN, sessionOptions, domain);
  }

  /** The struct of function pointers; the first argument of all is the struct itself. */
  private MemorySegment described(DeviceOperator operator) {
    MemorySegment struct = arena.allocate((1 + POINTERS) * ADDRESS.byteSize(), 8);
    struct.set(JAVA_INT, 0, VERSION);
    MemorySegment name = arena.allocateFrom(operator.label());
    int type = operator.half() ? FLOAT16 : FLOAT;
    put(struct, 1, constant(MemorySegment.class, name), ADDRESS, JAVA_LONG);
    put(struct, 2, constant(MemorySegment.class, provider), ADDRESS, JAVA_LONG);
    put(struct, 3, constant(int.class, type), JAVA_INT, JAVA_LONG, JAVA_LONG);
    put(struct, 4, constant(long.class, (long) operator.inputs()), JAVA_LONG, JAVA_LONG);
    put(struct, 5, bound("outputType", int.class, operator, 2), JAVA_INT, longs(2));
    put(struct, 6, constant(long.class, (long) operator.outputs()), JAVA_LONG, JAVA_LONG);
    put(struct, 8, bound("destroy", void.class, operator, 1), null, JAVA_LONG);
    // Required, and in the provider's own memory.
    for (int pointer = 9; pointer <= 11; pointer++) {
      put(struct, pointer, constant(int.class, 0), JAVA_INT, JAVA_LONG, JAVA_LONG);
    }
    put(struct, 16, bound("create", long.class, operator, 4), JAVA_LONG, longs(4));
    put(struct, 17, bound("compute", long.class, operator, 2), JAVA_LONG, longs(2));
    put(struct, 19, constant(int.class, 1), JAVA_INT, JAVA_LONG);
    put(struct, 20, constant(int.class, Integer.MAX_VALUE), JAVA_INT, JAVA_LONG);
    return struct;
  }

  private static MemoryLayout[] longs(int count) {
    MemoryLayout[] all = new MemoryLayout[count];
    Arrays.fill(all, JAVA_LONG);
    return all;
  }

  private static MethodHandle constant(Class<?> type, Object value) {
    return MethodHandles.constant(type, value);
  }

  private MethodHandle bound(
      String method, Class<?> result, DeviceOperator operator, int arguments) {
    try {
      MethodType type =
          MethodType.methodType(result, DeviceOperator.class)
              .appendParameterTypes(Collections.nCopies(arguments, long.class));
      return MethodHandles.insertArguments(
          MethodHandles.lookup().bind(this, method, type), 0, operator);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Arguments that the handle does not take are dropped. */
  @SuppressWarnings("restricted") // being called by native code is the purpose
  private void put(
      MemorySegment struct,
      int pointer,
      MethodHandle target,
      @Nullable MemoryLayout result,
      MemoryLayout... arguments) {
    FunctionDescriptor signature =
        result == null
            ? FunctionDescriptor.ofVoid(arguments)
            : FunctionDescriptor.of(result, arguments);
    MethodHandle all =
        target.type().parameterCount() == arguments.length
            ? target
            : MethodHandles.dropArguments(target, 0, signature.toMethodType().parameterList());
    MemorySegment stub = Linker.nativeLinker().upcallStub(all, signature, arena);
    struct.setAtIndex(ADDRESS, 1 + pointer, stub);
  }

  /** {@code ONNXTensorElementDataType GetOutputType(op, index)}. */
  @SuppressWarnings("unused") // found by name
  private int outputType(DeviceOperator operator, long op, long index) {
    return operator.isSingle((int) index) ? FLOAT : FLOAT16;
  }

  /** {@code OrtStatus* CreateKernelV2(op, api, info, void** kernel)}. */
  @SuppressWarnings({"restricted", "unused"}) // found by name
  private long create(DeviceOperator operator, long op, long api, long info, long kernel) {
    try {
      long handle = handles.incrementAndGet();
      kernels.put(handle, operator.kernel(surroundings, info));
      MemorySegment.ofAddress(kernel).reinterpret(JAVA_LONG.byteSize()).set(JAVA_LONG, 0, handle);
      return 0;
    } catch (Throwable e) {
      return table.failure(operator.label() + ": " + e);
    }
  }

  /** {@code void KernelDestroy(kernel)}. */
  @SuppressWarnings("unused") // found by name
  private void destroy(DeviceOperator operator, long kernel) {
    kernels.remove(kernel);
  }

  /** {@code OrtStatus* KernelComputeV2(kernel, context)}; nothing may be thrown through it. */
  @SuppressWarnings("unused") // found by name
  private long compute(DeviceOperator operator, long kernel, long context) {
    try {
      Objects.requireNonNull(kernels.get(kernel)).compute(context);
      return 0;
    } catch (Throwable e) {
      return table.failure(operator.label() + ": " + e);
    }
  }

  @Override
  public void close() {
    scope.close();
    arena.close();
  }
}
