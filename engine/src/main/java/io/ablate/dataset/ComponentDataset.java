package io.ablate.dataset;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.component.ComponentSet;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.FileMasks;
import io.ablate.mask.MaskMatrix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A component dataset open for reading: a store of ours, COAR's own layout ({@code *_margins.npy}),
 * or no more than {@code masks.npy} and {@code outputs.npy}. Rows are read as they are asked for,
 * so that memory does not grow with the store. Not thread-safe.
 */
public final class ComponentDataset implements AutoCloseable {
  private final Path folder;
  private final NpyFile masks;
  private final NpyFile outputs;
  private final int[] completedRows;
  private final @Nullable ComponentSet components;
  private final @Nullable Manifest manifest;

  /** The output function to derive from logits; null for the stored outputs. */
  private @Nullable OutputFunction derived;

  private ComponentDataset(Path folder, NpyFile masks, NpyFile outputs) {
    this.folder = folder;
    this.masks = masks;
    this.outputs = outputs;
    masks.requireShape(-1, -1);
    outputs.requireShape(masks.rows(), -1);
    requireInts();
    this.completedRows = DatasetFiles.completedRows(folder, rows());
    this.manifest = DatasetFiles.manifest(folder, rows(), columns(), examples());
    this.components = DatasetFiles.components(folder, columns(), manifest != null);
  }

  private void requireInts() {
    if (masks.rows() > Integer.MAX_VALUE || columns() < 1 || examples() < 1) {
      throw new BadInputException(
          Problem.of("no component dataset")
              .at(masks.file())
              .expected("fewer than 2^31 rows, of one component and one example at least")
              .found(
                  Arrays.toString(masks.shape())
                      + " and outputs "
                      + Arrays.toString(outputs.shape())));
    }
  }

  /**
   * Opens a dataset whose outputs are in {@code outputs.npy} or in the only {@code *_margins.npy}.
   *
   * @throws BadInputException if an array is missing, truncated or of the wrong shape, or several
   *     files of margins leave a choice
   */
  public static ComponentDataset open(Path folder) {
    return open(folder, DatasetFiles.outputs(folder));
  }

  /**
   * Opens a dataset whose outputs are those of the given function: the stored ones if they are,
   * else derived from the stored logits.
   *
   * @param output null for the stored outputs, whatever they are
   * @throws BadInputException as {@link #open(Path)}, or if logits or labels are needed and missing
   */
  public static ComponentDataset open(Path folder, @Nullable OutputFunction output) {
    ComponentDataset dataset = open(folder);
    try {
      dataset.derive(output);
      return dataset;
    } catch (RuntimeException e) {
      dataset.close();
      throw e;
    }
  }

  private void derive(@Nullable OutputFunction output) {
    if (output == null || output == storedOutput()) {
      return;
    }
    boolean logits = Files.exists(folder.resolve(StoreFiles.LOGITS));
    if (logitsReader() == null) {
      throw new BadInputException(
          Problem.of("output " + output.label() + " cannot be derived from the store")
              .at(folder.resolve(logits ? StoreFiles.LABELS : StoreFiles.LOGITS))
              .expected("logits and labels, or stored outputs of that function")
              .found(
                  (logits ? "no labels" : "no logits")
                      + (manifest == null ? "" : "; the stored outputs are " + manifest.output()))
              .remedy(
                  logits
                      ? "add " + StoreFiles.LABELS + ", the class of every example"
                      : "collect with --save activation-scale,logits"));
    }
    derived = output;
  }

  /**
   * Opens a dataset.
   *
   * @param outputsFile the array of outputs, rows × examples
   */
  public static ComponentDataset open(Path folder, Path outputsFile) {
    NpyFile masks = NpyFile.open(folder.resolve(StoreFiles.MASKS));
    try {
      NpyFile outputs = NpyFile.open(outputsFile);
      try {
        return new ComponentDataset(folder, masks, outputs);
      } catch (RuntimeException e) {
        outputs.close();
        throw e;
      }
    } catch (RuntimeException e) {
      masks.close();
      throw e;
    }
  }

  public Path folder() {
    return folder;
  }

  /** Number of components, n. */
  public int columns() {
    return masks.rowLength();
  }

  public int examples() {
    return outputs.rowLength();
  }

  /** Number of rows that the arrays have room for, completed or not. */
  public int rows() {
    return Math.toIntExact(masks.rows());
  }

  /** The rows whose outputs are final, ascending. */
  public int[] completedRows() {
    return completedRows.clone();
  }

  /**
   * The first {@code samples} completed rows.
   *
   * @throws UsageException if there are fewer
   */
  public int[] firstCompleted(int samples) {
    if (samples < 1 || samples > completedRows.length) {
      throw new UsageException(
          Problem.of("not as many samples in the store")
              .at(folder)
              .expected("1 to " + completedRows.length + " (its completed rows)")
              .found(samples)
              .remedy("ask for fewer samples, or collect more masks"));
    }
    return Arrays.copyOf(completedRows, samples);
  }

  /**
   * The completed rows from {@code from} to {@code to − 1}.
   *
   * @throws UsageException if the range is empty, outside the store, or holds no completed row
   */
  public int[] completedBetween(int from, int to) {
    if (from < 0 || to <= from || to > rows()) {
      throw new UsageException(
          Problem.of("rows outside the store")
              .at(folder)
              .expected("A:B with 0 ≤ A < B ≤ " + rows())
              .found(from + ":" + to));
    }
    int[] found = Arrays.stream(completedRows).filter(row -> row >= from && row < to).toArray();
    if (found.length == 0) {
      throw new UsageException(
          Problem.of("no completed row in the range").at(folder).found(from + ":" + to));
    }
    return found;
  }

  /** The masks of the given rows, in the given order. */
  public MaskMatrix masks(int[] rows) {
    MaskMatrix selected = new MaskMatrix(rows.length, columns());
    RowRuns.forEach(
        rows,
        columns(),
        (at, first, count) -> {
          MaskMatrix run = FileMasks.read(masks, first, count);
          System.arraycopy(
              run.words(), 0, selected.words(), at * run.wordsPerRow(), run.words().length);
        });
    return selected;
  }

  /** The function whose values {@link #outputs} are; null where the store does not say. */
  public @Nullable OutputFunction output() {
    return derived == null ? storedOutput() : derived;
  }

  private @Nullable OutputFunction storedOutput() {
    return manifest == null ? null : OutputFunction.byLabel(manifest.output());
  }

  /**
   * The outputs of the given rows: {@code [example][row]}.
   *
   * @throws BadInputException naming row and example of an output that is not finite
   */
  public double[][] outputs(int[] rows) {
    if (derived != null) {
      return requireLogits().outputs(rows, derived);
    }
    int examples = examples();
    double[][] selected = new double[examples][rows.length];
    RowRuns.forEach(
        rows,
        examples,
        (at, first, count) -> {
          double[] run = outputs.rows(first, count);
          for (int i = 0; i < run.length; i++) {
            if (!Double.isFinite(run[i])) {
              throw new BadInputException(
                  Problem.of("output is not a finite number")
                      .at(outputs.file() + ", row " + (first + i / examples))
                      .found(run[i] + " for example " + i % examples));
            }
            selected[i % examples][at + i / examples] = run[i];
          }
        });
    return selected;
  }

  /** The components in the order of the columns; null where the store does not say. */
  public @Nullable ComponentSet components() {
    return components;
  }

  /** The layer of every column, from 0; one layer where the store does not say. */
  public int[] layerOfColumn() {
    return components == null ? new int[columns()] : components.layerOfColumn();
  }

  /** What the store was made from; null for others' data. */
  public @Nullable Manifest manifest() {
    return manifest;
  }

  /** Activation scale, examples × n; null where it was not collected. */
  public double @Nullable [][] activationScale() {
    return DatasetFiles.activationScale(folder, examples(), columns());
  }

  /** Whether there are {@link #logits}. */
  public boolean hasLogits() {
    return logitsReader() != null;
  }

  /** Bytes that {@link #logits} of so many rows take in memory; 0 where there are none. */
  public long logitBytes(int rows) {
    LogitsReader reader = logitsReader();
    return reader == null ? 0 : reader.bytes(rows);
  }

  /**
   * The logits of the given rows, with the labels; null where the store does not hold both. Takes
   * {@link #logitBytes}: read them only for who wants them.
   *
   * @throws BadInputException if they would take most of the heap, or one is not finite
   */
  public @Nullable StoredLogits logits(int[] rows) {
    LogitsReader reader = logitsReader();
    return reader == null ? null : reader.read(rows);
  }

  private @Nullable LogitsReader logitsReader() {
    return LogitsReader.of(folder, rows(), labels());
  }

  private LogitsReader requireLogits() {
    return Objects.requireNonNull(logitsReader(), "logits have gone since opening");
  }

  /**
   * After how many gradient passes their sums can be told (see {@link #gradients}), ascending;
   * empty where there are none, or where they are of another output than {@link #output}.
   */
  public int[] gradientSegmentEnds() {
    GradientReader reader = gradientReader();
    return reader == null ? new int[0] : reader.segmentEnds();
  }

  /**
   * What the first gradient passes told; null where {@link #gradientSegmentEnds} is empty because
   * there are none of this output. Takes the memory of the sums, whatever the number of passes.
   *
   * @param passes one of {@link #gradientSegmentEnds}
   * @throws UsageException if it is none of them, naming them; or if the passes were of another
   *     output than {@link #output}
   * @throws BadInputException if a file is damaged, or a value not finite
   */
  public @Nullable StoredGradients gradients(int passes) {
    if (derived != null && manifest != null && manifest.gradients() != null && passes > 0) {
      throw new UsageException(
          Problem.of("the gradient passes of the store are of another output")
              .at(folder)
              .expected(manifest.output())
              .found(derived.label())
              .remedy("use no gradient passes with this output"));
    }
    GradientReader reader = gradientReader();
    return reader == null ? null : reader.read(passes);
  }

  private @Nullable GradientReader gradientReader() {
    return manifest == null || manifest.gradients() == null || derived != null
        ? null
        : new GradientReader(folder, manifest, manifest.gradients());
  }

  /** The class that each example's output is about; null where the store does not say. */
  public int @Nullable [] labels() {
    return DatasetFiles.labels(folder, examples());
  }

  @Override
  public void close() {
    masks.close();
    outputs.close();
  }
}
