package io.ablate.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ablate.base.Problem;
import io.ablate.nativelib.BundledLibrary;
import io.ablate.nativelib.LibraryUnavailableException;
import io.ablate.nativelib.Platform;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The C API of oneDNN 3 (dnnl.h), as far as it is used. Initialising this class never fails: where
 * the library is missing, {@link #problem} says why and every call throws it.
 *
 * <p>Functions that make something return 0 or a status, and take the place for what they made as
 * first argument. They are called by name ({@link #make}, {@link #call}); what runs in every pass
 * ({@link #execute}) is bound once.
 */
final class OneDnn {
  private static final int SUCCESS = 0;
  private static final String[] STATUS = {
    "success",
    "out of memory",
    "invalid arguments",
    "unimplemented",
    "last implementation reached",
    "runtime error",
    "not required"
  };

  private static final @Nullable Library LIBRARY;
  private static final @Nullable Problem PROBLEM;

  static {
    Library library = null;
    Problem problem = null;
    try {
      BundledLibrary bundle = OneDnnFiles.of(Platform.current());
      if (bundle == null) {
        problem =
            Problem.of("no oneDNN for this platform")
                .at(Platform.current())
                .remedy("use ONNX Runtime");
      } else {
        library = new Library(bundle.load());
      }
    } catch (LibraryUnavailableException e) {
      problem = e.problem();
    } catch (RuntimeException | LinkageError e) {
      problem = Problem.of("oneDNN cannot be used").found(e.toString());
    }
    LIBRARY = library;
    PROBLEM = problem;
  }

  private OneDnn() {}

  /** A function refused its arguments, or knows no way to compute what was asked for. */
  static final class OneDnnException extends RuntimeException {
    private static final long serialVersionUID = 1;

    OneDnnException(String function, int status) {
      super(function + ": " + (status < STATUS.length ? STATUS[status] : "status " + status));
    }
  }

  private static final class Library {
    private static final FunctionDescriptor EXECUTE =
        FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS);

    private static final FunctionDescriptor ELTWISE =
        FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_FLOAT, JAVA_FLOAT);

    /** What travels in registers, and what no function of oneDNN exceeds. */
    private static final int FEW = 6;

    private static final int MANY = 14;

    private final SymbolLookup symbols;
    private final Map<String, MemorySegment> addresses = new ConcurrentHashMap<>();
    private final MethodHandle few = words(FEW);
    private final MethodHandle many = words(MANY);
    private final MethodHandle execute;
    private final MethodHandle eltwise;
    private final MethodHandle setThreads;
    private final MemorySegment engine;

    Library(SymbolLookup symbols) {
      this.symbols = symbols;
      this.execute = bind("dnnl_primitive_execute", EXECUTE);
      this.eltwise = bind("dnnl_post_ops_append_eltwise", ELTWISE);
      // Of libgomp, which dnnl depends on.
      this.setThreads = bind("omp_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment place = arena.allocate(ADDRESS);
        check("dnnl_engine_create", status("dnnl_engine_create", place, Const.CPU, 0L));
        this.engine = place.get(ADDRESS, 0);
      }
    }

    private MemorySegment address(String name) {
      MemorySegment address = addresses.get(name);
      if (address == null) {
        address =
            symbols
                .find(name)
                .orElseThrow(() -> new IllegalStateException("oneDNN lacks the function " + name));
        addresses.put(name, address);
      }
      return address;
    }

    @SuppressWarnings("restricted") // calling native code is the purpose
    private MethodHandle bind(String name, FunctionDescriptor signature) {
      return Linker.nativeLinker().downcallHandle(address(name), signature);
    }

    /**
     * A call of any function with so many words. On x86-64 every argument but a floating-point one
     * travels in a register or stack slot of 64 bits, of which a function reads what it declares
     * and leaves what it does not: so all functions share two signatures. Linking one for each took
     * a fifth of a second at the start.
     */
    @SuppressWarnings("restricted") // calling native code is the purpose
    private static MethodHandle words(int count) {
      MemoryLayout[] layouts = new MemoryLayout[count];
      Arrays.fill(layouts, JAVA_LONG);
      return Linker.nativeLinker()
          .downcallHandle(FunctionDescriptor.of(JAVA_LONG, layouts))
          .asSpreader(long[].class, count);
    }

    int status(String name, Object... arguments) {
      return (int) result(name, arguments);
    }

    /** What a function returns; the upper half is undefined where it returns an int. */
    long result(String name, Object... arguments) {
      try {
        return arguments.length <= FEW
            ? (long) few.invokeExact(address(name), words(FEW, arguments))
            : (long) many.invokeExact(address(name), words(MANY, arguments));
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    // Plain loops: this runs at the start, where streams and lambdas have to be linked first.
    private static long[] words(int count, Object... arguments) {
      long[] words = new long[count];
      for (int i = 0; i < arguments.length; i++) {
        if (arguments[i] instanceof Number number) {
          words[i] = number.longValue();
        } else if (arguments[i] instanceof MemorySegment segment) {
          words[i] = segment.address();
        } else {
          throw new IllegalArgumentException("no C type for " + arguments[i].getClass());
        }
      }
      return words;
    }
  }

  /** Why oneDNN cannot be used, or null where it can. */
  static @Nullable Problem problem() {
    return PROBLEM;
  }

  private static Library library() {
    if (LIBRARY == null) {
      throw new IllegalStateException(
          "oneDNN not loaded: " + (PROBLEM == null ? "unknown reason" : PROBLEM.message()));
    }
    return LIBRARY;
  }

  /** Calls a function whose first argument is where it puts what it makes; returns that. */
  static MemorySegment make(String function, Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment place = arena.allocate(ADDRESS);
      Object[] all = new Object[arguments.length + 1];
      all[0] = place;
      System.arraycopy(arguments, 0, all, 1, arguments.length);
      check(function, library().status(function, all));
      return place.get(ADDRESS, 0);
    }
  }

  /** Calls a function whose last argument is where it puts a pointer; returns that. */
  static MemorySegment result(String function, Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment place = arena.allocate(ADDRESS);
      Object[] all = Arrays.copyOf(arguments, arguments.length + 1);
      all[arguments.length] = place;
      check(function, library().status(function, all));
      return place.get(ADDRESS, 0);
    }
  }

  /** Calls a function that returns a status. */
  static void call(String function, Object... arguments) {
    check(function, library().status(function, arguments));
  }

  /** Calls a function that returns a pointer or a size. */
  static MemorySegment pointer(String function, Object... arguments) {
    return MemorySegment.ofAddress(library().result(function, arguments));
  }

  static long size(String function, Object... arguments) {
    return library().result(function, arguments);
  }

  static int integer(String function, Object... arguments) {
    return (int) library().result(function, arguments);
  }

  /** Appends a function of one number to what follows an operation. */
  static void appendEltwise(MemorySegment list, int algorithm, float alpha, float beta) {
    int status;
    try {
      status = (int) library().eltwise.invokeExact(list, algorithm, alpha, beta);
    } catch (Throwable e) {
      throw unexpected(e);
    }
    check("dnnl_post_ops_append_eltwise", status);
  }

  /** The CPU, for the life of the process. */
  static MemorySegment engine() {
    return library().engine;
  }

  /** Has the calling thread compute by itself what it starts from now on. */
  static void useOneThread() {
    try {
      library().setThreads.invokeExact(1);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Runs one operation.
   *
   * @param arguments array of dnnl_exec_arg_t
   * @param count its length
   */
  static void execute(
      MemorySegment primitive, MemorySegment stream, MemorySegment arguments, int count) {
    int status;
    try {
      status = (int) library().execute.invokeExact(primitive, stream, count, arguments);
    } catch (Throwable e) {
      throw unexpected(e);
    }
    check("dnnl_primitive_execute", status);
  }

  private static void check(String function, int status) {
    if (status != SUCCESS) {
      throw new OneDnnException(function, status);
    }
  }

  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
  }
}
