package io.ablate.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** What an operation reads and writes: an array of dnnl_exec_arg_t. */
final class Arguments {
  private static final long ENTRY = 16;
  private static final long MEMORY = 8;

  private final NativeScope scope;
  private final List<Integer> names = new ArrayList<>();
  private final List<MemorySegment> memories = new ArrayList<>();

  Arguments(NativeScope scope) {
    this.scope = scope;
  }

  /**
   * @param name of the argument, in oneDNN's numbers
   * @param address where the tensor lies
   */
  void add(int name, MemorySegment descriptor, MemorySegment address) {
    names.add(name);
    memories.add(scope.memory(descriptor, address));
  }

  int count() {
    return names.size();
  }

  MemorySegment segment() {
    MemorySegment array = scope.allocate(names.size() * ENTRY);
    for (int i = 0; i < names.size(); i++) {
      array.set(JAVA_INT, i * ENTRY, names.get(i));
      array.set(ADDRESS, i * ENTRY + MEMORY, memories.get(i));
    }
    return array;
  }
}
