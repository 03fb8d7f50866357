package io.ablate.estimate;

import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.StoredLogits;
import io.ablate.instrument.OutputFunction;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The logits behind the outputs of {@link TrainingData}.
 *
 * @param function what made the outputs of them
 * @param labels one per example
 * @param classes number of classes, at least 2
 * @param values per example, rows × classes
 */
public record LogitData(OutputFunction function, int[] labels, int classes, float[][] values) {
  public LogitData {
    if (values.length != labels.length) {
      throw new IllegalArgumentException(labels.length + " labels for " + values.length);
    }
  }

  /**
   * The logits of rows of a store; null where the store lacks them, their labels or the name of its
   * output function, or where there are fewer than two classes.
   *
   * @throws io.ablate.base.BadInputException if they do not fit in memory or are damaged
   */
  public static @Nullable LogitData of(ComponentDataset dataset, int[] rows) {
    OutputFunction function = dataset.output();
    if (function == null) {
      return null;
    }
    StoredLogits stored = dataset.logits(rows);
    return stored == null || stored.classes() < 2
        ? null
        : new LogitData(function, stored.labels(), stored.classes(), stored.values());
  }

  public int examples() {
    return labels.length;
  }

  public int rows() {
    return values.length == 0 ? 0 : values[0].length / classes;
  }

  /** One row's logits. */
  double[] row(int example, int row) {
    double[] logits = new double[classes];
    for (int c = 0; c < classes; c++) {
      logits[c] = values[example][row * classes + c];
    }
    return logits;
  }

  /** Rows {@code from} to {@code to − 1}. */
  LogitData rows(int from, int to) {
    float[][] part = new float[values.length][];
    Arrays.setAll(part, e -> Arrays.copyOfRange(values[e], from * classes, to * classes));
    return new LogitData(function, labels, classes, part);
  }

  /** The given rows, in the given order. */
  LogitData select(int[] rows) {
    float[][] part = new float[values.length][rows.length * classes];
    for (int e = 0; e < part.length; e++) {
      for (int i = 0; i < rows.length; i++) {
        System.arraycopy(values[e], rows[i] * classes, part[e], i * classes, classes);
      }
    }
    return new LogitData(function, labels, classes, part);
  }

  /** These rows, then those of another collection of the same examples. */
  public LogitData join(LogitData more) {
    if (more.classes != classes || !Arrays.equals(more.labels, labels)) {
      throw new IllegalArgumentException("logits of other examples");
    }
    float[][] joined = new float[values.length][];
    for (int e = 0; e < joined.length; e++) {
      joined[e] = Arrays.copyOf(values[e], values[e].length + more.values[e].length);
      System.arraycopy(more.values[e], 0, joined[e], values[e].length, more.values[e].length);
    }
    return new LogitData(function, labels, classes, joined);
  }
}
