package io.ablate.ort;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ablate.cuda.Device;
import io.ablate.cuda.MaskedKernels;
import io.ablate.cuda.MaskedKernels.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import java.util.Collections;
import org.jspecify.annotations.Nullable;

/**
 * The {@link MaskedOperator}s as custom operators of ONNX Runtime ({@code OrtCustomOp}): it calls
 * back for each node, and the kernel goes to the device's stream, which must be the session's. To
 * be closed after all sessions that know them. Computing is for one thread at a time.
 */
final class MaskedOperators implements AutoCloseable {
  /** The version whose fields are filled in; later ones stay null. */
  private static final int VERSION = 17;

  /** Pointers of {@code OrtCustomOp}, which follow the version. */
  private static final int POINTERS = 25;

  private static final int FLOAT = 1;

  private final OrtScope scope = new OrtScope(OrtApi.table());
  private final OrtTable table = scope.table();
  private final Arena arena = Arena.ofShared();
  private final Device device;
  private final MemorySegment provider;
  private final long domain;

  /**
   * @param provider name of the execution provider that the nodes run on
   */
  MaskedOperators(Device device, String provider) {
    this.device = device;
    this.provider = arena.allocateFrom(provider);
    this.domain =
        scope.make(
            OrtFunction.RELEASE_CUSTOM_OP_DOMAIN,
            OrtFunction.CREATE_CUSTOM_OP_DOMAIN,
            MaskedOperator.DOMAIN);
    for (MaskedOperator operator : MaskedOperator.values()) {
      table.call(OrtFunction.CUSTOM_OP_DOMAIN_ADD, domain, described(operator));
    }
  }

  /** Makes the operators known to sessions with these options. */
  void register(long sessionOptions) {
    table.call(OrtFunction.ADD_CUSTOM_OP_DOMAIN, sessionOptions, domain);
  }

  /** The struct of function pointers; the first argument of all is the struct itself. */
  private MemorySegment described(MaskedOperator operator) {
    MemorySegment struct = arena.allocate((1 + POINTERS) * ADDRESS.byteSize(), 8);
    struct.set(JAVA_INT, 0, VERSION);
    MemorySegment name = arena.allocateFrom(operator.label());
    put(struct, 1, constant(MemorySegment.class, name), ADDRESS, JAVA_LONG);
    put(struct, 2, constant(MemorySegment.class, provider), ADDRESS, JAVA_LONG);
    put(struct, 3, constant(int.class, FLOAT), JAVA_INT, JAVA_LONG, JAVA_LONG);
    put(struct, 4, constant(long.class, (long) operator.inputs()), JAVA_LONG, JAVA_LONG);
    put(struct, 5, constant(int.class, FLOAT), JAVA_INT, JAVA_LONG, JAVA_LONG);
    put(struct, 6, constant(long.class, 1L), JAVA_LONG, JAVA_LONG);
    put(struct, 8, MethodHandles.empty(MethodType.methodType(void.class)), null, JAVA_LONG);
    // Required, and in the provider's own memory.
    for (int pointer = 9; pointer <= 11; pointer++) {
      put(struct, pointer, constant(int.class, 0), JAVA_INT, JAVA_LONG, JAVA_LONG);
    }
    put(struct, 16, bound("create", operator, 4), JAVA_LONG, longs(4));
    put(struct, 17, bound("compute", operator, 2), JAVA_LONG, longs(2));
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

  private MethodHandle bound(String method, MaskedOperator operator, int arguments) {
    try {
      MethodType type =
          MethodType.methodType(long.class, MaskedOperator.class)
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

  /** {@code OrtStatus* CreateKernelV2(op, api, info, void** kernel)}: a kernel has no state. */
  @SuppressWarnings({"restricted", "unused"}) // found by name
  private long create(MaskedOperator operator, long op, long api, long info, long kernel) {
    MemorySegment.ofAddress(kernel).reinterpret(JAVA_LONG.byteSize()).set(JAVA_LONG, 0, op);
    return 0;
  }

  /** {@code OrtStatus* KernelComputeV2(kernel, context)}; nothing may be thrown through it. */
  @SuppressWarnings("unused") // found by name
  private long compute(MaskedOperator operator, long kernel, long context) {
    try (Arena local = Arena.ofConfined()) {
      long[] values = new long[operator.inputs()];
      long[][] shapes = new long[values.length][];
      for (int i = 0; i < values.length; i++) {
        values[i] = table.make(OrtFunction.KERNEL_CONTEXT_GET_INPUT, context, (long) i);
        shapes[i] = shape(local, values[i]);
      }
      long[] shape = shapes[0].clone();
      for (int i = 1; i < values.length; i++) {
        shape[0] = i == 2 ? shape[0] : Math.max(shape[0], shapes[i][0]);
      }
      MemorySegment extents = local.allocateFrom(JAVA_LONG, shape);
      long out =
          table.make(
              OrtFunction.KERNEL_CONTEXT_GET_OUTPUT, context, 0L, extents, (long) shape.length);
      MaskedKernels.apply(
          device,
          tensor(values[0], shapes[0]),
          tensor(values[1], shapes[1]),
          data(values[2]),
          operator.residual() ? tensor(values[3], shapes[3]) : null,
          tensor(out, shape),
          Math.toIntExact(shape[1]),
          Math.toIntExact(shape[2] * shape[3]),
          operator.relu());
      return 0;
    } catch (Throwable e) {
      return table.failure(operator.label() + ": " + e);
    }
  }

  private long[] shape(Arena local, long value) {
    long info = table.make(OrtFunction.GET_TENSOR_TYPE_AND_SHAPE, value);
    try {
      long axes = table.make(OrtFunction.GET_DIMENSIONS_COUNT, info);
      MemorySegment extents = local.allocate(JAVA_LONG, axes);
      table.call(OrtFunction.GET_DIMENSIONS, info, extents, axes);
      return extents.toArray(JAVA_LONG);
    } finally {
      table.release(OrtFunction.RELEASE_TENSOR_TYPE_AND_SHAPE, info);
    }
  }

  private long data(long value) {
    return table.make(OrtFunction.GET_TENSOR_MUTABLE_DATA, value);
  }

  private Tensor tensor(long value, long[] shape) {
    return new Tensor(data(value), Math.toIntExact(shape[0]));
  }

  @Override
  public void close() {
    scope.close();
    arena.close();
  }
}
