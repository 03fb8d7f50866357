package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;
import static io.ablate.cuda.ElementType.I64;

import io.ablate.linalg.MaskRegression;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;

/**
 * Normal equations on a device: masks go there once, outputs once, coefficients come back. Outputs
 * are handed over by as many at once as free memory holds.
 */
final class DeviceRegression implements MaskRegression {
  private static final double SHARE_OF_MEMORY = .6;

  private final SharedDevice shared;
  private final boolean byRows;
  private final int rows;
  private final int columns;
  private final DeviceScope scope;

  private final Equations equations;

  /**
   * What stays on the device.
   *
   * @param words [rows, words], for products with Xᵀ
   * @param turned [columns, words of rows], for products with X
   * @param factor of the normal matrix
   * @param norm of the normal matrix
   * @param definite whether it is positive definite to working precision
   */
  private record Equations(
      DeviceArray words, DeviceArray turned, DeviceArray factor, double norm, boolean definite) {}

  DeviceRegression(SharedDevice shared, MaskMatrix x, double[] columnCounts, boolean byRows) {
    this.shared = shared;
    this.byRows = byRows;
    this.rows = x.rows();
    this.columns = x.columns();
    this.scope = shared.call(Device::scope);
    try {
      this.equations = shared.call(device -> form(device, x, columnCounts));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private Equations form(Device device, MaskMatrix x, double[] columnCounts) {
    DeviceArray words = scope.copy("masks", x.words(), rows, x.wordsPerRow());
    DeviceArray turned = scope.array("columns", I64, columns, MaskMatrix.wordsPerRow(rows));
    MaskKernels.transpose(device, words, columns, turned);
    int size = byRows ? rows : columns;
    DeviceArray matrix = scope.array("normal matrix", F64, size, size);
    try (DeviceScope local = device.scope()) {
      DeviceArray counts = local.array("counts", I32, size, size);
      GramKernels.counts(device, byRows ? words : turned, counts);
      if (byRows) {
        GramKernels.centreKernel(device, counts, meanEigenvalue(columnCounts) / rows, matrix);
      } else {
        GramKernels.centreGram(device, counts, rows, matrix);
      }
    }
    double norm = RegressionKernels.infinityNorm(device, matrix);
    boolean definite = CholeskyKernels.factor(device, matrix) == 0;
    return new Equations(words, turned, matrix, norm, definite);
  }

  /** The trace of X̃X̃ᵀ over its size; sums of whole numbers. */
  private double meanEigenvalue(double[] columnCounts) {
    double trace = 0;
    for (double count : columnCounts) {
      trace += (rows * count - count * count) / rows;
    }
    return trace / rows;
  }

  @Override
  public double condition(double[] probes, int count) {
    if (!equations.definite()) {
      return Double.POSITIVE_INFINITY;
    }
    double[] stretched =
        shared.call(
            device -> {
              try (DeviceScope local = device.scope()) {
                DeviceArray sides = local.copy("probes", probes, probes.length / count, count);
                CholeskyKernels.solve(device, equations.factor(), sides);
                return device.readDoubles(sides);
              }
            });
    double[] squares = new double[count];
    for (int i = 0; i < stretched.length; i++) {
      squares[i % count] += stretched[i] * stretched[i];
    }
    return equations.norm() * Math.sqrt(Arrays.stream(squares).max().orElse(0));
  }

  @Override
  public double[][] solve(double[][] outputs, boolean refine) {
    // Outputs, centred ones, fitted ones; coefficients, turned ones, corrections.
    double each = 3.0 * Double.BYTES * ((double) rows + columns);
    double[][] theta = new double[outputs.length][];
    for (int from = 0; from < outputs.length; ) {
      double free = SHARE_OF_MEMORY * shared.call(Device::freeBytes);
      int most = Integer.MAX_VALUE / Math.max(1, columns); // one array of the host
      int to = from + (int) Math.clamp(free / each, 1, Math.min(most, outputs.length - from));
      double[][] block = Arrays.copyOfRange(outputs, from, to);
      double[] flat = shared.call(device -> solve(device, block, refine));
      for (int e = from; e < to; e++) {
        theta[e] = Arrays.copyOfRange(flat, (e - from) * columns, (e - from + 1) * columns);
      }
      from = to;
    }
    return theta;
  }

  /** Coefficients of one block, examples × columns. */
  private double[] solve(Device device, double[][] outputs, boolean refine) {
    int k = outputs.length;
    try (DeviceScope local = device.scope()) {
      DeviceArray y = local.array("centred outputs", F64, rows, k);
      try (DeviceScope upload = device.scope()) {
        DeviceArray given = upload.array("outputs", F64, k, rows);
        for (int e = 0; e < k; e++) {
          device.write(given, (long) e * rows, outputs[e]);
        }
        RegressionKernels.turn(device, given, y);
      }
      RegressionKernels.centre(device, y);
      DeviceArray theta = local.array("coefficients", F64, columns, k);
      try (DeviceScope correcting = device.scope()) {
        // What is left of the outputs is asked for again: the sides are needed once more then.
        DeviceArray sides = refine ? correcting.array("right sides", F64, rows, k) : y;
        if (refine) {
          device.copy(sides, y);
        }
        coefficients(device, sides, theta);
        if (refine) {
          ProductKernels.times(device, equations.turned(), theta, sides);
          RegressionKernels.addScaled(device, y, sides, -1);
          RegressionKernels.centre(device, y);
          DeviceArray more = correcting.array("correction", F64, columns, k);
          coefficients(device, y, more);
          RegressionKernels.addScaled(device, theta, more, 1);
        }
      }
      DeviceArray result = local.array("attributions", F64, k, columns);
      RegressionKernels.turn(device, theta, result);
      return device.readDoubles(result);
    }
  }

  /**
   * θ for centred outputs.
   *
   * @param sides [rows, k]; overwritten in the form by rows
   */
  private void coefficients(Device device, DeviceArray sides, DeviceArray theta) {
    if (byRows) {
      CholeskyKernels.solve(device, equations.factor(), sides);
      ProductKernels.times(device, equations.words(), sides, theta);
    } else {
      ProductKernels.times(device, equations.words(), sides, theta);
      CholeskyKernels.solve(device, equations.factor(), theta);
    }
  }

  @Override
  public void close() {
    shared.callAndTrim(
        device -> {
          scope.close();
          return device;
        });
  }
}
