package io.ablate.jit;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Locale;

/**
 * Functions of machine code in memory that may be executed but not written. They take up to six
 * addresses. Thread-safe.
 */
final class MachineCode implements AutoCloseable {
  private static final int READ = 1;
  private static final int WRITE = 2;
  private static final int EXECUTE = 4;
  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final int ALIGNMENT = 64;

  private static final MethodHandle MMAP =
      system("mmap", ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MPROTECT =
      system("mprotect", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle MUNMAP = system("munmap", JAVA_INT, ADDRESS, JAVA_LONG);
  // The short one keeps the thread from reaching a safepoint: a tile takes about a microsecond.
  private static final MethodHandle CALL_SHORT = caller(Linker.Option.critical(false));
  private static final MethodHandle CALL = caller();

  private final MemorySegment memory;
  private final MemorySegment[] entries;

  /**
   * Puts functions into memory.
   *
   * @throws IllegalStateException if the system does not let this process make executable memory
   */
  MachineCode(List<byte[]> functions) {
    long bytes = 0;
    long[] starts = new long[functions.size()];
    for (int i = 0; i < starts.length; i++) {
      starts[i] = bytes;
      bytes += (functions.get(i).length + ALIGNMENT - 1L) / ALIGNMENT * ALIGNMENT;
    }
    this.memory = map(Math.max(bytes, 1));
    this.entries = new MemorySegment[starts.length];
    for (int i = 0; i < starts.length; i++) {
      byte[] code = functions.get(i);
      MemorySegment.copy(code, 0, memory, JAVA_BYTE, starts[i], code.length);
      entries[i] = memory.asSlice(starts[i], 0);
    }
    if (protect(memory) != 0) {
      close();
      throw new IllegalStateException("this system forbids making executable memory");
    }
  }

  /**
   * Whether this machine is one whose instructions {@link Assembler} writes, and lets this process
   * make executable memory: hardened systems do not. Asked once.
   */
  static boolean isPossible() {
    return Probe.POSSIBLE;
  }

  private static final class Probe {
    static final boolean POSSIBLE = isX86Linux() && isAllowed();

    private static boolean isX86Linux() {
      String processor = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
      return System.getProperty("os.name", "").equals("Linux")
          && (processor.equals("amd64") || processor.equals("x86_64"));
    }

    private static boolean isAllowed() {
      Assembler nothing = new Assembler();
      nothing.leave();
      try (MachineCode code = new MachineCode(List.of(nothing.code()))) {
        call(code.entry(0), 0, 0, 0, 0, 0, 0);
        return true;
      } catch (IllegalStateException e) {
        return false; // the question was whether it works
      }
    }
  }

  /** The function of that number, for {@link #call}. */
  MemorySegment entry(int function) {
    return entries[function];
  }

  /** Calls a function that takes about a microsecond. */
  static void callShort(MemorySegment entry, long a, long b, long c, long d, long e, long f) {
    try {
      CALL_SHORT.invokeExact(entry, a, b, c, d, e, f);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  static void call(MemorySegment entry, long a, long b, long c, long d, long e, long f) {
    try {
      CALL.invokeExact(entry, a, b, c, d, e, f);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  @SuppressWarnings("restricted") // calling machine code is the purpose
  private static MethodHandle caller(Linker.Option... options) {
    return Linker.nativeLinker()
        .downcallHandle(
            FunctionDescriptor.ofVoid(
                JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            options);
  }

  @SuppressWarnings("restricted") // calling native code is the purpose
  private static MethodHandle system(String name, MemoryLayout result, MemoryLayout... arguments) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments));
  }

  @SuppressWarnings("restricted") // the system says where the memory is
  private static MemorySegment map(long bytes) {
    try {
      MemorySegment mapped =
          (MemorySegment)
              MMAP.invokeExact(MemorySegment.NULL, bytes, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      if (mapped.address() == -1) {
        throw new IllegalStateException("no memory for " + bytes + " bytes of machine code");
      }
      return mapped.reinterpret(bytes);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static int protect(MemorySegment memory) {
    try {
      return (int) MPROTECT.invokeExact(memory, memory.byteSize(), READ | EXECUTE);
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  @Override
  public void close() {
    try {
      int status = (int) MUNMAP.invokeExact(memory, memory.byteSize());
      if (status != 0) {
        throw new IllegalStateException("munmap failed");
      }
    } catch (Throwable t) {
      throw unexpected(t);
    }
  }

  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
  }
}
