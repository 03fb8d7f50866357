package io.ablate.evaluate;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The sample sizes at which methods are compared. */
public final class SampleGrid {
  private static final double RATIO = Math.sqrt(2);

  private SampleGrid() {}

  /**
   * From {@code first} to {@code last} in equal ratios of at most √2, before rounding to whole
   * passes.
   */
  public static int[] between(int first, int last) {
    return refine(first == last ? new int[] {first} : new int[] {first, last});
  }

  /**
   * The given sizes, with others between them in equal ratios of at most √2 before rounding, so
   * that interpolation between neighbours is sound.
   *
   * @throws UsageException unless the sizes are at least 2 and strictly ascending
   */
  public static int[] refine(int[] sizes) {
    requireAscending(sizes);
    List<Integer> grid = new ArrayList<>();
    for (int i = 0; i + 1 < sizes.length; i++) {
      double ratio = (double) sizes[i + 1] / sizes[i];
      int steps = Math.max(1, (int) Math.ceil(Math.log(ratio) / Math.log(RATIO) - 1e-9));
      for (int step = 0; step < steps; step++) {
        int size = (int) Math.round(sizes[i] * Math.pow(ratio, (double) step / steps));
        if (grid.isEmpty() || grid.getLast() < size) {
          grid.add(size);
        }
      }
    }
    grid.add(sizes[sizes.length - 1]);
    return grid.stream().distinct().mapToInt(Integer::intValue).toArray();
  }

  /** Checks sizes that are used as they are. */
  static void requireAscending(int[] sizes) {
    boolean ascending = sizes.length > 0 && sizes[0] >= 2;
    for (int i = 1; ascending && i < sizes.length; i++) {
      ascending = sizes[i] > sizes[i - 1];
    }
    if (!ascending) {
      throw new UsageException(
          Problem.of("bad sample sizes")
              .expected("ascending whole numbers from 2")
              .found(Arrays.toString(sizes)));
    }
  }
}
