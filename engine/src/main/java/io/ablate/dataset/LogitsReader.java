package io.ablate.dataset;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.Problem;
import io.ablate.instrument.OutputFunction;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The logits of a store with the labels that go with them; opened anew for every read. */
final class LogitsReader {
  /** Share of the heap that logits may take beside what works on them. */
  private static final double HEAP = .6;

  private final Path file;
  private final long rows;
  private final int[] labels;
  private final int classes;

  private LogitsReader(Path file, long rows, int[] labels) {
    this.file = file;
    this.rows = rows;
    this.labels = labels;
    try (NpyFile npy = open()) {
      this.classes = (int) npy.shape()[2];
    }
    for (int label : labels) {
      if (label < 0 || label >= classes) {
        throw new BadInputException(
            Problem.of("a label is no class of the logits")
                .at(file.resolveSibling(StoreFiles.LABELS))
                .expected("0 to " + (classes - 1))
                .found(label));
      }
    }
  }

  /**
   * The reader of a store; null where it holds no logits or no labels.
   *
   * @throws BadInputException if the array is damaged or does not fit the labels
   */
  static @Nullable LogitsReader of(Path folder, long rows, int @Nullable [] labels) {
    Path file = folder.resolve(StoreFiles.LOGITS);
    return labels == null || !Files.exists(file) ? null : new LogitsReader(file, rows, labels);
  }

  private NpyFile open() {
    return NpyFile.open(file).requireShape(rows, labels.length, -1);
  }

  int classes() {
    return classes;
  }

  long bytes(int count) {
    return 4L * count * labels.length * classes;
  }

  StoredLogits read(int[] selected) {
    long most = (long) (HEAP * Runtime.getRuntime().maxMemory());
    if (bytes(selected.length) > most) {
      throw new BadInputException(
          Problem.of("the logits of so many rows do not fit in memory")
              .at(file)
              .expected("at most " + (most >> 20) + " MiB")
              .found((bytes(selected.length) >> 20) + " MiB")
              .remedy("use fewer rows, or a larger heap: ABLATE_JAVA_OPTS=-Xmx…"));
    }
    float[][] values = new float[labels.length][selected.length * classes];
    forEach(
        selected,
        (example, row, logits) -> {
          for (int c = 0; c < classes; c++) {
            values[example][row * classes + c] = (float) logits[c];
          }
        });
    return new StoredLogits(classes, labels.clone(), values);
  }

  /** The scalar of every example and row: {@code [example][row]}. */
  double[][] outputs(int[] selected, OutputFunction function) {
    double[][] outputs = new double[labels.length][selected.length];
    forEach(
        selected,
        (example, row, logits) -> outputs[example][row] = function.of(logits, labels[example]));
    return outputs;
  }

  @FunctionalInterface
  private interface Logits {
    void accept(int example, int row, double[] logits);
  }

  private void forEach(int[] selected, Logits taker) {
    int examples = labels.length;
    double[] logits = new double[classes];
    try (NpyFile npy = open()) {
      RowRuns.forEach(
          selected,
          examples * classes,
          (at, first, count) -> {
            double[] run = npy.rows(first, count);
            for (int i = 0; i < count * examples; i++) {
              System.arraycopy(run, i * classes, logits, 0, classes);
              requireFinite(logits, first + i / examples, i % examples);
              taker.accept(i % examples, at + i / examples, logits);
            }
          });
    }
  }

  private void requireFinite(double[] logits, int row, int example) {
    for (double logit : logits) {
      if (!Double.isFinite(logit)) {
        throw new BadInputException(
            Problem.of("logit is not a finite number")
                .at(file + ", row " + row)
                .found(logit + " for example " + example));
      }
    }
  }
}
