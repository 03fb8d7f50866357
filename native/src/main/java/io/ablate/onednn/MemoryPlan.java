package io.ablate.onednn;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the values of a program lie in one block of memory: values that are never needed at the
 * same time may share a place.
 *
 * @param offsets in bytes, by storage
 * @param bytes of the block
 */
record MemoryPlan(Map<Integer, Long> offsets, long bytes) {
  private static final long ALIGNMENT = 64;

  /**
   * A need for memory.
   *
   * @param storage of the values
   * @param first step that writes it
   * @param last step that reads it
   */
  record Need(int storage, long bytes, int first, int last) {
    /** The need of all steps of two needs. */
    Need joined(Need other) {
      return new Need(
          storage,
          Math.max(bytes, other.bytes),
          Math.min(first, other.first),
          Math.max(last, other.last));
    }

    boolean meets(Need other) {
      return first <= other.last && other.first <= last;
    }
  }

  private record Placed(Need need, long offset) {
    long end() {
      return offset + need.bytes;
    }
  }

  /** Where a value lies, in bytes. */
  long offset(int storage) {
    Long offset = offsets.get(storage);
    if (offset == null) {
      throw new IllegalArgumentException("no memory for value " + storage);
    }
    return offset;
  }

  /** Places the largest first, each as low as the ones it meets allow. */
  static MemoryPlan of(List<Need> needs) {
    List<Need> order = new ArrayList<>(needs);
    order.sort(Comparator.comparingLong(Need::bytes).reversed().thenComparingInt(Need::storage));
    List<Placed> placed = new ArrayList<>();
    Map<Integer, Long> offsets = new HashMap<>();
    long bytes = 0;
    for (Need need : order) {
      long offset = 0;
      // Ascending, so that one walk finds the lowest gap.
      placed.sort(Comparator.comparingLong(Placed::offset));
      for (Placed other : placed) {
        if (other.need.meets(need) && other.offset < offset + need.bytes && offset < other.end()) {
          offset = aligned(other.end());
        }
      }
      placed.add(new Placed(need, offset));
      offsets.put(need.storage, offset);
      bytes = Math.max(bytes, offset + need.bytes);
    }
    return new MemoryPlan(offsets, aligned(bytes));
  }

  static long aligned(long offset) {
    return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
