package io.ablate.tools.command;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.Manifest;
import io.ablate.evaluate.IndependentRows;
import io.ablate.mask.ComparisonMasks;
import io.ablate.mask.MaskDesigns;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a store that a comparison uses: those to fit on, then those to score on.
 *
 * @param rows completed rows of the store, ascending
 * @param training how many of them are to fit on
 * @param independent which are independent Bernoulli draws
 * @param notes what the reader must know about the masks
 */
record ComparedRows(int[] rows, int training, IndependentRows independent, List<String> notes) {
  private static final int MOST_HELD_OUT = 1500;

  /**
   * The rows of a store that someone collected. Where its manifest says from which row on masks are
   * held out, these alone are scored on; else the last ones.
   *
   * @throws UsageException if there are too few rows
   */
  static ComparedRows of(ComponentDataset dataset, CompareOptions compare) {
    int[] completed = dataset.completedRows();
    @Nullable Manifest manifest = dataset.manifest();
    Map<String, Object> masks = manifest == null ? Map.of() : manifest.masks();
    OptionalLong from = ComparisonMasks.heldOutFrom(masks);
    if (manifest == null || from.isEmpty()) {
      int heldOut = compare.heldOut(Math.min(MOST_HELD_OUT, completed.length / 3));
      requireEnough(dataset, completed.length, heldOut);
      return MaskDesigns.isDependent(masks)
          ? new ComparedRows(
              completed,
              completed.length - heldOut,
              IndependentRows.NONE,
              List.of(
                  "All masks of this store are "
                      + masks.get("design")
                      + ", those for scoring too: scores on independent masks may differ, and there"
                      + " is no linearity ceiling."))
          : new ComparedRows(completed, completed.length - heldOut, IndependentRows.ALL, List.of());
    }
    long start = from.getAsLong() - manifest.rows().first();
    int training = (int) Arrays.stream(completed).filter(row -> row < start).count();
    int available = completed.length - training;
    int heldOut = compare.heldOut(Math.min(MOST_HELD_OUT, available));
    if (heldOut > available) {
      throw new UsageException(
          Problem.of("not as many held-out masks in the store")
              .at("--held-out")
              .expected("at most " + available)
              .found(heldOut));
    }
    requireEnough(dataset, training + heldOut, heldOut);
    return new ComparedRows(
        IntStream.concat(
                Arrays.stream(completed, 0, training),
                Arrays.stream(completed, completed.length - heldOut, completed.length))
            .toArray(),
        training,
        IndependentRows.HELD_OUT,
        List.of(heldOutNote(masks)));
  }

  /** The rows of the store that a comparison has just collected. */
  static ComparedRows collected(ComponentDataset dataset, int training) {
    @Nullable Manifest manifest = dataset.manifest();
    Map<String, Object> masks = manifest == null ? Map.of() : manifest.masks();
    return ComparisonMasks.heldOutFrom(masks).isEmpty()
        ? new ComparedRows(dataset.completedRows(), training, IndependentRows.ALL, List.of())
        : new ComparedRows(
            dataset.completedRows(),
            training,
            IndependentRows.HELD_OUT,
            List.of(heldOutNote(masks)));
  }

  private static String heldOutNote(Map<String, Object> masks) {
    return "Methods learn from "
        + masks.get("design")
        + " masks; the masks that score them, and give the linearity ceiling, are independent"
        + " draws.";
  }

  private static void requireEnough(ComponentDataset dataset, int rows, int heldOut) {
    if (rows - heldOut < 2 || heldOut < 2) {
      throw new UsageException(
          Problem.of("too few completed rows to fit and to score")
              .at(dataset.folder())
              .expected("at least " + (Math.max(2, heldOut) + 2))
              .found(rows)
              .remedy("collect more masks, or hold out fewer with --held-out"));
    }
  }
}
