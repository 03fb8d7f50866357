package io.ablate.dataset;

import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import java.util.ArrayList;
import java.util.Arrays;
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

  /** Rows among which equal ones are looked for, at least. */
  private static final int SPAN = 4096;

  private final MaskDesign design;
  private final long first;
  private final int size;
  private final int span;

  /**
   * @param first row of the design that is row 0 of the store
   * @param size slots of a batch
   * @param together batches that are dealt out at once, at least
   */
  BatchRows(MaskDesign design, long first, int size, int together) {
    this.design = design;
    this.first = first;
    this.size = size;
    int batches = mayRepeat(design) ? Math.max(together, SPAN / size) : together;
    this.span = Math.max(1, batches) * size;
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
    MaskMatrix masks =
        MaskMatrix.of(design, base, (int) (Math.min(base + span, first + end) - base));
    List<List<Integer>> rowsOfDistinct = new ArrayList<>();
    List<Integer> distinct = new ArrayList<>();
    Map<Long, Integer> known = new HashMap<>();
    for (int i = 0; i < masks.rows(); i++) {
      int next = distinct.size();
      int at = mayRepeat(design) ? known.computeIfAbsent(masks.words()[i], mask -> next) : next;
      if (at == next) {
        distinct.add(i);
        rowsOfDistinct.add(new ArrayList<>(1));
      }
      long row = base + i - first;
      if (row >= 0 && !isComplete.test((int) row)) {
        rowsOfDistinct.get(at).add((int) row);
      }
    }
    List<Chunk> chunks = new ArrayList<>();
    for (int start = 0; start < distinct.size(); start += size) {
      int from = start;
      int[] used =
          IntStream.range(start, Math.min(start + size, distinct.size()))
              .filter(d -> !rowsOfDistinct.get(d).isEmpty())
              .toArray();
      if (used.length > 0) {
        chunks.add(
            new Chunk(
                masks.select(Arrays.stream(used).map(distinct::get).toArray()),
                Arrays.stream(used).map(d -> d - from).toArray(),
                Arrays.stream(used)
                    .mapToObj(d -> rowsOfDistinct.get(d).stream().mapToInt(r -> r).toArray())
                    .toArray(int[][]::new)));
      }
    }
    return chunks;
  }
}
