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

    private final SymbolLookup symbols;
    private final Map<String, MethodHandle> handles = new ConcurrentHashMap<>();
    private final MethodHandle execute;
    private final MethodHandle setThreads;
    private final MemorySegment engine;

    Library(SymbolLookup symbols) {
      this.symbols = symbols;
      this.execute = bind("dnnl_primitive_execute", EXECUTE);
      // Of libgomp, which dnnl depends on.
      this.setThreads = bind("omp_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment place = arena.allocate(ADDRESS);
        check("dnnl_engine_create", status("dnnl_engine_create", place, Const.CPU, 0L));
        this.engine = place.get(ADDRESS, 0);
      }
    }

    @SuppressWarnings("restricted") // calling native code is the purpose
    private MethodHandle bind(String name, FunctionDescriptor signature) {
      MemorySegment address =
          symbols
              .find(name)
              .orElseThrow(() -> new IllegalStateException("oneDNN lacks the function " + name));
      return Linker.nativeLinker().downcallHandle(address, signature);
    }

    /** Calls a function that returns a status; its signature follows from the arguments. */
    int status(String name, Object... arguments) {
      return (int) result(name, JAVA_INT, arguments);
    }

    Object result(String name, MemoryLayout result, Object... arguments) {
      MethodHandle handle =
          handles.computeIfAbsent(
              name,
              key -> {
                MemoryLayout[] layouts = new MemoryLayout[arguments.length];
                for (int i = 0; i < layouts.length; i++) {
                  layouts[i] = layout(arguments[i]);
                }
                return bind(key, FunctionDescriptor.of(result, layouts));
              });
      try {
        return handle.invokeWithArguments(arguments);
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }

    private static MemoryLayout layout(Object argument) {
      return switch (argument) {
        case Integer i -> JAVA_INT;
        case Long l -> JAVA_LONG;
        case Float f -> JAVA_FLOAT;
        case MemorySegment s -> ADDRESS;
        default -> throw new IllegalArgumentException("no C type for " + argument.getClass());
      };
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
    return (MemorySegment) library().result(function, ADDRESS, arguments);
  }

  static long size(String function, Object... arguments) {
    return (long) library().result(function, JAVA_LONG, arguments);
  }

  static int integer(String function, Object... arguments) {
    return (int) library().result(function, JAVA_INT, arguments);
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
