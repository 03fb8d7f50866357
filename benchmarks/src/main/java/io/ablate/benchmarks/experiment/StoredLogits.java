package io.ablate.benchmarks.experiment;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.Problem;
import io.ablate.instrument.OutputFunction;
import java.nio.file.Path;

/**
 * Output functions from the logits that a store holds, so that masks are collected once for all.
 */
final class StoredLogits {
  private static final int ROWS_AT_ONCE = 64;

  private StoredLogits() {}

  /**
   * The outputs of the first rows, examples × rows.
   *
   * @param store a folder with {@code logits.npy}, masks × examples × classes
   * @param labels the class that each example's output is about
   * @param rows how many
   */
  static double[][] outputs(Path store, int[] labels, OutputFunction output, int rows) {
    double[][] outputs = new double[labels.length][rows];
    try (NpyFile npy = NpyFile.open(store.resolve("logits.npy"))) {
      npy.requireShape(-1, labels.length, -1);
      int classes = (int) npy.shape()[2];
      for (int first = 0; first < rows; first += ROWS_AT_ONCE) {
        int count = Math.min(ROWS_AT_ONCE, rows - first);
        double[] logits = npy.rows(first, count);
        for (int i = 0; i < count * labels.length; i++) {
          int example = i % labels.length;
          int row = first + i / labels.length;
          double value = output(output, logits, i * classes, classes, labels[example]);
          if (!Double.isFinite(value)) {
            throw new BadInputException(
                Problem.of("output is not a finite number")
                    .at(npy.file() + ", row " + row + ", example " + example)
                    .found(value));
          }
          outputs[example][row] = value;
        }
      }
    }
    return outputs;
  }

  private static double output(
      OutputFunction output, double[] logits, int from, int classes, int label) {
    double own = logits[from + label];
    return switch (output) {
      case LOGIT -> own;
      case MARGIN -> own - largest(logits, from, classes, label);
      case MARGIN_LOGSUMEXP -> own - logSumExp(logits, from, classes, label);
      case LOG_PROB -> own - logSumExp(logits, from, classes, -1);
      case LOSS -> logSumExp(logits, from, classes, -1) - own;
    };
  }

  private static double largest(double[] logits, int from, int classes, int without) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      largest = c == without ? largest : Math.max(largest, logits[from + c]);
    }
    return largest;
  }

  private static double logSumExp(double[] logits, int from, int classes, int without) {
    double largest = largest(logits, from, classes, without);
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += c == without ? 0 : Math.exp(logits[from + c] - largest);
    }
    return largest + Math.log(sum);
  }
}
