package io.ablate.estimate;

import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.StoredGradients;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an estimator learns from: masks shared by all examples, and every example's outputs under
 * them.
 *
 * @param masks m × n, 1 keeps
 * @param outputs examples × m: {@code outputs[e][row]}
 * @param layerOfColumn n: the layer of every component, from 0 without gaps
 * @param activationScale examples × n, or null where none was collected
 * @param gradients what gradient passes told, or null where none were run
 * @param logits of the same rows, or null where they were not stored or nobody wanted them
 */
public record TrainingData(
    MaskMatrix masks,
    double[][] outputs,
    int[] layerOfColumn,
    double @Nullable [][] activationScale,
    @Nullable GradientData gradients,
    @Nullable LogitData logits) {
  public TrainingData {
    for (double[] example : outputs) {
      if (example.length != masks.rows()) {
        throw new IllegalArgumentException(
            "outputs of " + example.length + " rows for " + masks.rows() + " masks");
      }
    }
    if (layerOfColumn.length != masks.columns()) {
      throw new IllegalArgumentException(
          layerOfColumn.length + " layer entries for " + masks.columns() + " components");
    }
    if (logits != null
        && (logits.examples() != outputs.length
            || outputs.length > 0 && logits.rows() != masks.rows())) {
      throw new IllegalArgumentException(
          "logits of %d rows and %d examples for outputs of %d and %d"
              .formatted(logits.rows(), logits.examples(), masks.rows(), outputs.length));
    }
  }

  /** Data without an activation scale, gradients and logits. */
  @SuppressWarnings("NullAway") // does not see the annotation on the outer array
  public TrainingData(MaskMatrix masks, double[][] outputs, int[] layerOfColumn) {
    this(masks, outputs, layerOfColumn, null);
  }

  /** Data without logits. */
  public TrainingData(
      MaskMatrix masks,
      double[][] outputs,
      int[] layerOfColumn,
      double @Nullable [][] activationScale,
      @Nullable GradientData gradients) {
    this(masks, outputs, layerOfColumn, activationScale, gradients, null);
  }

  /** Data without gradients and logits. */
  @SuppressWarnings("NullAway") // as above
  public TrainingData(
      MaskMatrix masks,
      double[][] outputs,
      int[] layerOfColumn,
      double @Nullable [][] activationScale) {
    this(masks, outputs, layerOfColumn, activationScale, null);
  }

  /**
   * The given rows of a dataset, with what it stores beside masks and outputs.
   *
   * @throws io.ablate.base.BadInputException if an output is not finite or a file is damaged
   */
  public static TrainingData of(ComponentDataset dataset, int[] rows) {
    return new TrainingData(
        dataset.masks(rows),
        dataset.outputs(rows),
        dataset.layerOfColumn(),
        dataset.activationScale());
  }

  /**
   * As {@link #of(ComponentDataset, int[])}, with the first gradient passes.
   *
   * @param gradientPasses one of {@link ComponentDataset#gradientSegmentEnds}; 0 for none
   * @throws io.ablate.base.UsageException if the store has no sums of so many
   */
  public static TrainingData of(ComponentDataset dataset, int[] rows, int gradientPasses) {
    StoredGradients stored = gradientPasses == 0 ? null : dataset.gradients(gradientPasses);
    return of(dataset, rows).withGradients(stored == null ? null : GradientData.of(stored));
  }

  /** The same data with other gradients. */
  public TrainingData withGradients(@Nullable GradientData other) {
    return new TrainingData(masks, outputs, layerOfColumn, activationScale, other, logits);
  }

  /** The same data with other logits. */
  public TrainingData withLogits(@Nullable LogitData other) {
    return new TrainingData(masks, outputs, layerOfColumn, activationScale, gradients, other);
  }

  /**
   * The same data with the stored logits of its rows, if one of the methods wants them and the
   * store has them. To {@code auto} they are welcome, not needed: for it alone they are read only
   * where they take a quarter of the heap or less.
   *
   * @throws io.ablate.base.BadInputException if they would take most of the heap, or are damaged
   */
  public TrainingData withLogits(ComponentDataset dataset, int[] rows, List<Estimator> methods) {
    List<Estimator> wanting = methods.stream().filter(Estimator::wantsLogits).toList();
    boolean read =
        logitsAreLarge(dataset, rows)
            ? wanting.stream().anyMatch(method -> !(method instanceof AutoEstimator))
            : !wanting.isEmpty();
    return read ? withLogits(LogitData.of(dataset, rows)) : this;
  }

  /** Whether the stored logits of these rows would take more than a quarter of the heap. */
  public static boolean logitsAreLarge(ComponentDataset dataset, int[] rows) {
    return dataset.logitBytes(rows.length) > Runtime.getRuntime().maxMemory() / 4;
  }

  /** Why models of the logits would gain nothing on these data; empty where they may. */
  public Optional<String> whyLogitsAreOfNoUse() {
    if (logits == null) {
      return Optional.of("no logits and labels with a known output function");
    }
    return logits.function() == OutputFunction.LOGIT
        ? Optional.of("the output is a logit already")
        : Optional.empty();
  }

  /** The same data, as if the activation scale had not been collected. */
  @SuppressWarnings("NullAway") // as above
  public TrainingData withoutActivationScale() {
    return new TrainingData(masks, outputs, layerOfColumn, null, gradients, logits);
  }

  /** Number of masks, m. */
  public int rows() {
    return masks.rows();
  }

  /** Number of components, n. */
  public int columns() {
    return masks.columns();
  }

  public int examples() {
    return outputs.length;
  }

  /** The first {@code rows} rows. */
  public TrainingData first(int rows) {
    return rows(0, rows);
  }

  /** Rows {@code from} to {@code to − 1}. */
  public TrainingData rows(int from, int to) {
    double[][] part = new double[outputs.length][];
    for (int e = 0; e < part.length; e++) {
      part[e] = Arrays.copyOfRange(outputs[e], from, to);
    }
    return new TrainingData(
        masks.rows(from, to),
        part,
        layerOfColumn,
        activationScale,
        gradients,
        logits == null ? null : logits.rows(from, to));
  }

  /** The given rows, in the given order. */
  public TrainingData select(int[] rows) {
    double[][] selected = new double[outputs.length][rows.length];
    for (int e = 0; e < selected.length; e++) {
      for (int i = 0; i < rows.length; i++) {
        selected[e][i] = outputs[e][rows[i]];
      }
    }
    return new TrainingData(
        masks.select(rows),
        selected,
        layerOfColumn,
        activationScale,
        gradients,
        logits == null ? null : logits.select(rows));
  }
}
