package io.ablate.dataset;

import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Deals the rows of a design to batches. Rows of few columns are often the same: those that lie
 * near each other are computed once. What shares a batch, and in which slots, depends on the design
 * and the batch's size alone: not on the rows that are asked for, nor on those that are there.
 * Stateless and thread-safe.
 */
final class BatchRows {
  /** Rows of more columns are hardly ever the same. */
  private static final int MOST_COLUMNS = 64;

  /** Rows among which equal ones are looked for, about. */
  private static final int SPAN = 4096;

  private final MaskDesign design;
  private final long first;
  private final int size;
  private final int span;

  /**
   * @param first row of the design that is row 0 of the store
   * @param size slots of a batch on one device
   * @param devices batches that are run as one
   * @param together such batches that are dealt out at once
   */
  BatchRows(MaskDesign design, long first, int size, int devices, int together) {
    this.design = design;
    this.first = first;
    this.size = devices * size;
    // Equal rows are looked for among the same rows however many devices there are.
    this.span = mayRepeat(design) ? Math.max(1, SPAN / size) * size : together * this.size;
  }

  /** Whether equal rows are to be expected. */
  static boolean mayRepeat(MaskDesign design) {
    return design.columns() <= MOST_COLUMNS;
  }

  /**
   * What a batch is to compute.
   *
   * @param masks in the order of {@code slots}
   * @param slots of the masks, ascending
   * @param rows of the store that each of them is for, ascending
   */
  record Chunk(MaskMatrix masks, int[] slots, int[][] rows) {
    /** Rows of the store, all together. */
    int open() {
      int open = 0;
      for (int[] same : rows) {
        open += same.length;
      }
      return open;
    }
  }

  /** What is done with some batches; may be interrupted. */
  interface Work<E extends Exception> {
    void on(List<Chunk> chunks) throws E;
  }

  /**
   * Goes through the rows of the store from {@code 0} to {@code end − 1} that are not complete.
   *
   * @param isComplete asked before the work on a row's batch begins
   */
  <E extends Exception> void forEach(int end, IntPredicate isComplete, Work<E> work) throws E {
    for (long base = first / span * span; base < first + end; base += span) {
      List<Chunk> chunks = chunks(base, end, isComplete);
      if (!chunks.isEmpty()) {
        work.on(chunks);
      }
    }
  }

  /** How many masks of those rows are to be computed. */
  long count(int end, IntPredicate isComplete) {
    if (!mayRepeat(design)) {
      return IntStream.range(0, end).filter(row -> !isComplete.test(row)).count();
    }
    long[] count = {0};
    forEach(end, isComplete, chunks -> chunks.forEach(chunk -> count[0] += chunk.slots().length));
    return count[0];
  }

  private List<Chunk> chunks(long base, int end, IntPredicate isComplete) {
    int count = (int) (Math.min(base + span, first + end) - base);
    MaskMatrix masks = MaskMatrix.of(design, base, count);
    int[] distinct = new int[count];
    int[] firstOf = new int[count];
    int all = tellApart(masks, distinct, firstOf);
    int[] open = new int[all];
    for (int i = 0; i < count; i++) {
      long row = base + i - first;
      if (row >= 0 && !isComplete.test((int) row)) {
        open[distinct[i]]++;
      } else {
        distinct[i] = -1;
      }
    }
    int[][] rows = new int[all][];
    for (int i = count - 1; i >= 0; i--) {
      int d = distinct[i];
      if (d >= 0) {
        rows[d] = rows[d] == null ? new int[open[d]] : rows[d];
        rows[d][--open[d]] = (int) (base + i - first);
      }
    }
    List<Chunk> chunks = new ArrayList<>();
    for (int start = 0; start < all; start += size) {
      int[] used =
          IntStream.range(start, Math.min(start + size, all))
              .filter(d -> rows[d] != null)
              .toArray();
      if (used.length > 0) {
        chunks.add(chunk(masks, start, used, firstOf, rows));
      }
    }
    return chunks;
  }

  /**
   * Numbers the different rows in the order in which they come first.
   *
   * @param distinct set to each row's number
   * @param firstOf set to the first row of each number
   * @return how many there are
   */
  private int tellApart(MaskMatrix masks, int[] distinct, int[] firstOf) {
    Map<Long, Integer> known = new HashMap<>();
    int all = 0;
    for (int i = 0; i < masks.rows(); i++) {
      Integer before = mayRepeat(design) ? known.putIfAbsent(masks.words()[i], all) : null;
      distinct[i] = before == null ? all : before;
      if (before == null) {
        firstOf[all++] = i;
      }
    }
    return all;
  }

  private static Chunk chunk(MaskMatrix masks, int start, int[] used, int[] firstOf, int[][] rows) {
    int[] slots = new int[used.length];
    int[] selected = new int[used.length];
    int[][] rowsOfSlots = new int[used.length][];
    for (int i = 0; i < used.length; i++) {
      slots[i] = used[i] - start;
      selected[i] = firstOf[used[i]];
      rowsOfSlots[i] = rows[used[i]];
    }
    return new Chunk(masks.select(selected), slots, rowsOfSlots);
  }
}
