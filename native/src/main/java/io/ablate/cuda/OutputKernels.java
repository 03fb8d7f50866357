package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;

import io.ablate.instrument.OutputFunction;

/** Outputs from logits, their moments, centred and standardised ({@code outputs.cu}). */
final class OutputKernels {
  private static final String MODULE = "outputs";
  private static final int TILE = 32;

  private OutputKernels() {}

  /**
   * The scalar of every row.
   *
   * @param logits [rows, classes]; at least two classes for a margin
   * @param labels [rows] of {@link ElementType#I32}, each a class
   * @param out [rows], overwritten
   */
  static void outputs(
      Device device,
      OutputFunction function,
      DeviceArray logits,
      DeviceArray labels,
      DeviceArray out) {
    logits.requireAxes(F32, 2);
    int rows = logits.extent(0);
    int classes = logits.extent(1);
    boolean margin =
        function == OutputFunction.MARGIN || function == OutputFunction.MARGIN_LOGSUMEXP;
    if (classes < (margin ? 2 : 1)) {
      throw new IllegalArgumentException(function.label() + " of " + logits);
    }
    device
        .kernel(MODULE, "output_function")
        .stridingWarps(rows)
        .with(logits)
        .with(labels.require(I32, rows))
        .with(out.require(F32, rows))
        .with(rows)
        .with(classes)
        .with(kind(function))
        .launch();
  }

  /** As {@code outputs.cu} numbers them. */
  private static int kind(OutputFunction function) {
    return switch (function) {
      case MARGIN -> 0;
      case MARGIN_LOGSUMEXP -> 1;
      case LOGIT -> 2;
      case LOG_PROB -> 3;
      case LOSS -> 4;
    };
  }

  /**
   * Mean and population deviation of every column; a constant's deviation is exactly 0.
   *
   * @param y [rows, columns]
   * @param mean [columns] of {@link ElementType#F64}, overwritten
   * @param deviation [columns] of {@link ElementType#F64}, overwritten
   */
  static void moments(Device device, DeviceArray y, DeviceArray mean, DeviceArray deviation) {
    y.requireAxes(F32, 2);
    int columns = y.extent(1);
    device
        .kernel(MODULE, "column_moments")
        .grid(Launch.ceilDiv(columns, TILE), 1, 1)
        .block(TILE, 8)
        .with(y)
        .with(mean.require(F64, columns))
        .with(deviation.require(F64, columns))
        .with(y.extent(0))
        .with(columns)
        .launch();
  }

  /**
   * (y − mean) / deviation, transposed; 0 where the deviation is.
   *
   * @param out [columns, rows], overwritten
   */
  static void standardise(
      Device device, DeviceArray y, DeviceArray mean, DeviceArray deviation, DeviceArray out) {
    y.requireAxes(F32, 2);
    int rows = y.extent(0);
    int columns = y.extent(1);
    device
        .kernel(MODULE, "standardise_columns")
        .grid(Launch.ceilDiv(columns, TILE), Launch.ceilDiv(rows, TILE), 1)
        .block(TILE, 8)
        .with(y)
        .with(mean.require(F64, columns))
        .with(deviation.require(F64, columns))
        .with(out.require(F32, columns, rows))
        .with(rows)
        .with(columns)
        .launch();
  }

  /**
   * y − mean in double precision.
   *
   * @param out [rows, columns] of {@link ElementType#F64}, overwritten
   */
  static void centre(Device device, DeviceArray y, DeviceArray mean, DeviceArray out) {
    y.requireAxes(F32, 2);
    int rows = y.extent(0);
    int columns = y.extent(1);
    device
        .kernel(MODULE, "centre_columns")
        .striding(y.elements())
        .with(y)
        .with(mean.require(F64, columns))
        .with(out.require(F64, rows, columns))
        .with(rows)
        .with(columns)
        .launch();
  }
}
