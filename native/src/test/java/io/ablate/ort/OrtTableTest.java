package io.ablate.ort;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.nativelib.LibraryUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OrtTableTest {
  /** A library's {@code OrtApiBase} of any version, without a table. */
  @SuppressWarnings("restricted") // a function that native code calls
  private static MemorySegment base(Arena arena, String version) {
    MemorySegment text = arena.allocateFrom(version);
    MemorySegment base = arena.allocate(2 * ADDRESS.byteSize(), ADDRESS.byteSize());
    base.setAtIndex(
        ADDRESS,
        0,
        Linker.nativeLinker()
            .upcallStub(
                MethodHandles.dropArguments(
                    MethodHandles.constant(MemorySegment.class, MemorySegment.NULL), 0, int.class),
                FunctionDescriptor.of(ADDRESS, JAVA_INT),
                arena));
    base.setAtIndex(
        ADDRESS,
        1,
        Linker.nativeLinker()
            .upcallStub(
                MethodHandles.constant(MemorySegment.class, text),
                FunctionDescriptor.of(ADDRESS),
                arena));
    return base;
  }

  @Test
  void shouldRefuseAVersionWhoseTableWasNotChecked() {
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> OrtTable.of(base(arena, "1.30.0")))
          .isInstanceOf(LibraryUnavailableException.class)
          .hasMessage(
              "ONNX Runtime of a version whose C interface was not checked; expected 1.29.0, found"
                  + " 1.30.0; use onnxruntime 1.29.0, or onnxruntime-cpu");
    }
  }

  @Test
  void shouldRefuseALibraryWithoutTheTable() {
    try (Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> OrtTable.of(base(arena, "1.29.0")))
          .isInstanceOf(LibraryUnavailableException.class)
          .hasMessage("ONNX Runtime lacks its C interface; expected version 29");
    }
  }

  @Test
  void shouldNameEveryFunctionOnceAndInOrder() {
    int[] slots = Arrays.stream(OrtFunction.values()).mapToInt(OrtFunction::slot).toArray();
    assertThat(slots).isSorted().doesNotHaveDuplicates();
  }
}
