package io.ablate.ort;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ablate.base.Problem;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.nativelib.LibraryUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * The functions of one loaded ONNX Runtime, taken from its table of pointers. Immutable and
 * thread-safe.
 */
final class OrtTable {
  /** The version whose table {@link OrtFunction} was checked against. */
  static final String VERSION = "1.29.0";

  private static final int API = 29;

  /** {@code ORT_FAIL}. */
  private static final int FAIL = 1;

  /** Longer than any message is read. */
  private static final long LONGEST_TEXT = 1 << 16;

  private final Map<OrtFunction, MethodHandle> functions = new EnumMap<>(OrtFunction.class);
  private final MethodHandle message;
  private final MethodHandle status;
  private final MethodHandle run;
  private final MethodHandle input;
  private final MethodHandle output;
  private final MethodHandle data;
  private final MethodHandle release;

  private OrtTable(MemorySegment table) {
    for (OrtFunction function : OrtFunction.values()) {
      functions.put(function, handle(at(table, function.slot()), function.signature()));
    }
    message =
        handle(at(table, OrtFunction.GET_ERROR_MESSAGE), FunctionDescriptor.of(ADDRESS, JAVA_LONG));
    status =
        handle(
            at(table, OrtFunction.CREATE_STATUS),
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS));
    run = function(OrtFunction.RUN_WITH_BINDING);
    input = function(OrtFunction.KERNEL_CONTEXT_GET_INPUT);
    output = function(OrtFunction.KERNEL_CONTEXT_GET_OUTPUT);
    data = function(OrtFunction.GET_TENSOR_MUTABLE_DATA);
    release = function(OrtFunction.RELEASE_STATUS);
  }

  /**
   * The table of a library.
   *
   * @param base what {@code OrtGetApiBase()} returns: two pointers to functions, {@code GetApi} and
   *     {@code GetVersionString}
   * @throws LibraryUnavailableException if the library has another version than the slots were
   *     checked for
   */
  @SuppressWarnings("restricted") // a pointer tells nothing of what it points to
  static OrtTable of(MemorySegment base) throws LibraryUnavailableException {
    MemorySegment pointers = base.reinterpret(2 * ADDRESS.byteSize());
    try {
      MemorySegment text =
          (MemorySegment) handle(at(pointers, 1), FunctionDescriptor.of(ADDRESS)).invokeExact();
      String version = text.reinterpret(LONGEST_TEXT).getString(0);
      if (!version.equals(VERSION)) {
        throw new LibraryUnavailableException(
            Problem.of("ONNX Runtime of a version whose C interface was not checked")
                .expected(VERSION)
                .found(version)
                .remedy("use onnxruntime " + VERSION + ", or " + OrtCpuBackend.NAME));
      }
      MemorySegment table =
          (MemorySegment)
              handle(at(pointers, 0), FunctionDescriptor.of(ADDRESS, JAVA_INT)).invokeExact(API);
      if (table.address() == 0) {
        throw new LibraryUnavailableException(
            Problem.of("ONNX Runtime lacks its C interface").expected("version " + API));
      }
      int last = OrtFunction.UPDATE_CUDA_OPTION_WITH_VALUE.slot();
      return new OrtTable(table.reinterpret((last + 1) * ADDRESS.byteSize()));
    } catch (LibraryUnavailableException e) {
      throw e;
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static MemorySegment at(MemorySegment pointers, int slot) {
    return pointers.getAtIndex(ADDRESS, slot);
  }

  @SuppressWarnings("restricted") // calling native code is the purpose
  private static MethodHandle handle(MemorySegment address, FunctionDescriptor signature) {
    return Linker.nativeLinker().downcallHandle(address, signature);
  }

  private MethodHandle function(OrtFunction function) {
    return Objects.requireNonNull(functions.get(function));
  }

  /**
   * Calls a function that returns a status.
   *
   * @param arguments addresses as Long, numbers as Integer, text as String, memory as segments
   * @throws OrtStatusException if it fails
   */
  void call(OrtFunction function, Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      Object[] passed = arguments.clone();
      for (int i = 0; i < passed.length; i++) {
        if (passed[i] instanceof String text) {
          passed[i] = arena.allocateFrom(text);
        }
      }
      check((long) function(function).invokeWithArguments(passed));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Calls a function whose last argument, left out here, receives the address of a new object. */
  long make(OrtFunction function, Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(JAVA_LONG);
      Object[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
      all[arguments.length] = made;
      call(function, all);
      return made.get(JAVA_LONG, 0);
    }
  }

  /** Calls a function that releases an object. */
  void release(OrtFunction function, long object) {
    try {
      function(function).invokeExact(object);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Runs a session on what is bound; makes no garbage.
   *
   * @throws OrtStatusException if that fails
   */
  void run(long session, long options, long binding) {
    try {
      check((long) run.invokeExact(session, options, binding));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * An input of a node that is being computed; makes no garbage.
   *
   * @param made scratch, 8 bytes
   */
  long input(long context, long index, MemorySegment made) {
    try {
      check((long) input.invokeExact(context, index, made));
      return made.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** An output of a node that is being computed, of the given extents; see {@link #input}. */
  long output(long context, long index, MemorySegment extents, long axes, MemorySegment made) {
    try {
      check((long) output.invokeExact(context, index, extents, axes, made));
      return made.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Where a tensor's elements are; see {@link #input}. */
  long data(long value, MemorySegment made) {
    try {
      check((long) data.invokeExact(value, made));
      return made.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** A status that says that a callback failed, for the library to release. */
  long failure(String text) {
    try (Arena arena = Arena.ofConfined()) {
      return (long) status.invokeExact(FAIL, arena.allocateFrom(text));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  @SuppressWarnings("restricted") // a C string has no length of its own
  private void check(long status) throws Throwable {
    if (status != 0) {
      MemorySegment text = (MemorySegment) message.invokeExact(status);
      String found = text.reinterpret(LONGEST_TEXT).getString(0);
      release.invokeExact(status);
      throw new OrtStatusException(found);
    }
  }

  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
  }
}
